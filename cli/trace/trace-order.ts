import type { CommandRequest, CommandResult } from "../kernel/command.js";

export interface TraceRequest {
  /** An order's id, or enough of its beginning or end to tell it from the others. */
  readonly order: string;
  /** As typed after `tail`; empty: all. */
  readonly streams: readonly string[];
}

/**
 * The life line of one order: each hop over REST, both brokers and the databases, with its latency and where that is
 * known from; a hop that is missing is named (exit 1).
 * @throws MybrokerError trace.unknown-order, exit 1, where nothing of the order is found
 */
export async function traceOrder(_request: CommandRequest, _wanted: TraceRequest): Promise<CommandResult> {
  throw new Error("not built yet");
}
