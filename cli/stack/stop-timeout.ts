import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { OptionDefinition } from "../kernel/command.js";

/** `-t` of every command that stops containers. */
export const stopTimeoutOption: OptionDefinition = {
  flags: "-t, --timeout <seconds>",
  description: "how long a container may take to stop before it is killed",
  parse: parseSeconds,
};

/** The engine takes whole seconds; -1 waits for ever, as in Compose. */
function parseSeconds(text: string): number {
  if (/^(-1|\d+)$/.test(text.trim())) return Number(text);
  throw new MybrokerError({
    code: "usage.invalid-value",
    message: `a timeout is a whole number of seconds, not ${text}`,
    hint: "For example:  -t 30",
    exitCode: exitCodes.usage,
  });
}

/** The option's value as plans take it. */
export function stopTimeoutOf(options: Readonly<Record<string, unknown>>): { timeoutSeconds?: number } {
  return typeof options.timeout === "number" ? { timeoutSeconds: options.timeout } : {};
}
