import { EngineError } from "../engine/engine-error.js";
import { exitCodes, MybrokerError } from "./mybroker-error.js";

/** Turns whatever was thrown into an error for the user; what nobody foresaw is our bug. */
export function toMybrokerError(thrown: unknown): MybrokerError {
  if (thrown instanceof MybrokerError) return thrown;
  if (thrown instanceof EngineError) {
    return new MybrokerError({
      code: `engine.${thrown.kind}`,
      message: `The Docker engine answered: ${thrown.message}`,
      ...(thrown.kind === "connection"
        ? { hint: "see whether the engine still runs, then repeat the command" }
        : {}),
      exitCode: exitCodes.machine,
      cause: thrown,
    });
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new MybrokerError({
    code: "internal.bug",
    message: `mybroker failed where it should not: ${message}`,
    hint: "repeat it with --debug and report what it prints",
    exitCode: exitCodes.bug,
    cause: thrown,
  });
}

/** The lines of stderr for an error. */
export function renderError(error: MybrokerError, invocation: string, debug: boolean): string[] {
  // What was typed may stand in it, and moves nobody's cursor.
  const spell = (text: string): string =>
    text.replaceAll("{mybroker}", invocation).replaceAll(/[^\P{Cc}\t]/gu, "\uFFFD");
  if (error.code.startsWith("usage.")) {
    const message = `mybroker: ${spell(error.message)}`;
    const others = error.lines.map(spell);
    if (!error.hint) return [message, ...others];
    const hint = spell(error.hint);
    const sentence = `${message}. ${hint}`;
    return sentence.length <= 80 ? [sentence, ...others] : [`${message}.`, `  ${hint}`, ...others];
  }
  const lines = [`✖ ${spell(error.message)}`, ...error.lines.map((line) => `  ${spell(line)}`)];
  // A screen of its own says it where it belongs.
  const said = error.lines.some((line) => line.startsWith("Do  "));
  if (error.hint !== undefined && !said) lines.push(`  Do      ${spell(error.hint)}`);
  if (debug || error.exitCode === exitCodes.bug) lines.push(...describeStack(error));
  return lines;
}

function describeStack(error: MybrokerError): string[] {
  const origin = error.cause instanceof Error ? error.cause : error;
  return (origin.stack ?? "").split("\n").map((line) => `  ${line}`);
}
