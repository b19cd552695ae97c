import type { StreamRecord } from "../record.js";
import type { SourceSink, StartAt, StreamSource } from "../source.js";

/** 2026-01-23T12:04:31.118Z */
export const noonMs = Date.UTC(2026, 0, 23, 12, 4, 31, 118);

/** A record of order-events-v1 unless the test says otherwise; `value` is what its payload is made of. */
export function recordOf(
  facts: Partial<Omit<StreamRecord, "bytes">> & {
    readonly value?: unknown;
    readonly bytes?: Uint8Array | null;
  } = {},
): StreamRecord {
  const { value, ...given } = facts;
  return {
    source: "kafka",
    stream: "order-events-v1",
    kind: "topic",
    key: "user-1",
    publishedMs: noonMs,
    headers: {},
    bytes: value === undefined ? null : Buffer.from(JSON.stringify(value)),
    ...given,
  };
}

export const orderId = "019a7c3e-5b1f-7aaa-9c00-2f4d5e6a7f3c";

export const orderEvent = {
  orderId,
  userId: "user-1",
  ticker: "PETR4",
  quantity: 100,
  price: 38.5,
  executedPrice: null,
  side: "BUY",
  status: "PENDING",
  eventTimestamp: "2026-01-23T12:04:31.118Z",
};

/** A broker in memory: a past, and a hand to send with. */
export interface MemorySource extends StreamSource {
  /** What the watch asked for. */
  readonly startedAt: StartAt | undefined;
  readonly closed: boolean;
  readonly sink: SourceSink;
  send(...records: readonly StreamRecord[]): void;
}

export function createMemorySource(
  past: readonly StreamRecord[],
  {
    name = "memory",
    failure,
    lossy = false,
  }: {
    readonly name?: string;
    readonly failure?: Error;
    /** What is sent and finds no room is dropped. */
    readonly lossy?: boolean;
  } = {},
): MemorySource {
  const state = { startedAt: undefined as StartAt | undefined, closed: false };
  let sink: SourceSink | undefined;
  let lane: ReturnType<SourceSink["lane"]> | undefined;
  return {
    name,
    get startedAt() {
      return state.startedAt;
    },
    get closed() {
      return state.closed;
    },
    get sink() {
      if (sink === undefined) throw new Error("not open");
      return sink;
    },
    open: async (given, start) => {
      if (failure !== undefined) throw failure;
      state.startedAt = start;
      sink = given;
      lane = given.lane(lossy ? { live: true, whenFull: "drop" } : {});
      const last = typeof start === "object" && "last" in start ? past.slice(-start.last) : past;
      if (start !== "now" && last.length > 0) await lane.push(last);
      lane.caughtUp();
      return { name, history: "all", describe: name };
    },
    send: (...records) => void lane?.push(records),
    close: async () => {
      state.closed = true;
    },
  };
}
