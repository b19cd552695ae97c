import { exitCodes, MybrokerError } from "./mybroker-error.js";

/**
 * The error usage.invalid-value (exit 2) for what stands on the command line and is no value of its kind.
 * @param message with the value as it was typed, at the end; one that is empty is said to be nothing
 * @param example a command line that is right, without the program: "logs -n 100"
 */
export function invalidValue(message: string, example: string): MybrokerError {
  return new MybrokerError({
    code: "usage.invalid-value",
    message: message.replace(/ not $/, " not nothing"),
    hint: `For example:  {mybroker} ${example}`,
    exitCode: exitCodes.usage,
  });
}
