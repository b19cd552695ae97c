import { createInterface } from "node:readline";
import type { LogEntry } from "../../../contracts/embedded-control.js";
import { exitCodes } from "../../errors/mybroker-error.js";
import type { CommandResult } from "../../kernel/command.js";
import { askToStop } from "../../runtime/control-client.js";
import type { Launch } from "../../runtime/launch.js";
import type { EmbeddedRun } from "./embedded.js";

/** As much as the process itself takes at most. */
const stopTimeoutMs = 12_000;

/** Prints the process's log until it ends; a signal ends it. With -o json the document comes at its end. */
export async function followForeground(
  { request, place }: EmbeddedRun,
  { output: log, ended }: Launch,
  result: CommandResult,
): Promise<CommandResult> {
  const { context, output } = request;
  for (const line of result.text ?? []) output.note(line.replaceAll("{mybroker}", context.invocation));
  const stop = (): void => void askToStop(place, stopTimeoutMs).catch(() => {});
  context.signal.addEventListener("abort", stop, { once: true });
  if (context.signal.aborted) stop();
  if (log !== undefined) {
    for await (const line of createInterface({ input: log })) {
      const { service, text } = JSON.parse(line) as LogEntry;
      if (!output.json) await output.line(`${service} | ${text}`);
    }
  }
  const exitCode = await ended;
  const { text: _, ...document } = result;
  return { ...document, exitCode: exitCode === exitCodes.done ? exitCodes.done : exitCodes.bug };
}
