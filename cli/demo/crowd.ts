import { isFinalStatus } from "../../contracts/order-status.js";
import type { CommandHandler, CommandRequest, CommandResult } from "../kernel/command.js";
import { createTextFormat } from "../streams/format-text.js";
import type { StreamRecord } from "../streams/record.js";
import { fieldsOf } from "./explain-message.js";
import type { LiveTail } from "./live-tail.js";
import type { Stage } from "./stage.js";

/** Orders a second: as much as two cores take beside a whole stack on Docker. */
export const crowdRate = 10;
export const crowdUsers = 5;
/** So many ends of orders are shown of all. */
const shownLines = 20;

export interface Crowd {
  readonly simulate: CommandHandler;
  readonly durationMs: number;
  readonly stage: Stage;
  readonly tail: LiveTail;
}

/** Has `simulate` place its orders, and shows some of their ends as they come. Gives what `simulate` gives. */
export async function watchCrowd(
  request: CommandRequest,
  { simulate, durationMs, stage, tail }: Crowd,
): Promise<CommandResult> {
  const { output, context } = request;
  const format = createTextFormat({ style: output.style, columns: context.columns, now: context.now });
  const betweenMs = durationMs / shownLines;
  let nextMs = 0;
  // One after the other, and none once a signal has ended it.
  let shown = Promise.resolve();
  tail.take = (record) => {
    if (performance.now() < nextMs || !isEnd(record)) return;
    nextMs = performance.now() + betweenMs;
    const text = format(record);
    shown = shown.then(() => stage.line(text)).catch(() => {});
  };
  try {
    const options = { rate: crowdRate, users: crowdUsers, duration: durationMs };
    const simulated = simulate({ ...request, command: "simulate", options, args: [] });
    return await Promise.race([simulated, abortOf(context.signal)]);
  } finally {
    tail.take = () => {};
    await shown;
  }
}

/** `simulate` brings orders that are on their way to their end; who leaves a demonstration does not wait for that. */
function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** The brokerage tells that an order is through. */
function isEnd(record: StreamRecord): boolean {
  return record.source === "kafka" && isFinalStatus(String(fieldsOf(record).status));
}
