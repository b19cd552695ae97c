/** What a store or broker says; or why nothing, or no more, can be said: "broker-wallet-db does not answer". */
export type Known<Value> =
  | { readonly value: Value; readonly unknown?: string }
  | { readonly unknown: string };

/** The row of broker-order-db. Money here and below is a count of 1/10000 BRL, times are Unix milliseconds. */
export interface OrderFacts {
  readonly userId: string;
  readonly ticker: string;
  readonly side: string;
  readonly type: string;
  readonly timeInForce: string;
  readonly quantity: number;
  readonly price: number;
  readonly status: string;
  readonly reservation: string;
  readonly cumQuantity: number;
  /** orderSeq of the result that gave the status. */
  readonly statusSeq: number;
  /** Of the last event. */
  readonly version: number;
  readonly acknowledged: boolean;
  readonly cancelRequested: boolean;
  readonly reason: string | null;
  readonly createdMs: number;
  readonly updatedMs: number;
}

/** A part of an order that was executed, as broker-order recorded it. */
export interface RecordedFacts {
  readonly executionId: string;
  readonly quantity: number;
  readonly price: number;
  readonly atMs: number;
}

/** A movement on an account. */
export interface EntryFacts {
  readonly type: string;
  readonly amount: number;
  readonly quantity: number | null;
  readonly executionId: string | null;
  readonly atMs: number;
}

/** A command as the engine took it. */
export interface CommandFacts {
  readonly kind: string;
  readonly atMs: number;
}

/** A result as the engine stored it. */
export interface ResultFacts {
  readonly orderSeq: number;
  readonly status: string;
  readonly reason: string | null;
  readonly executionId: string | null;
  readonly executedPrice: number | null;
  readonly executedQuantity: number | null;
  readonly atMs: number;
}

/** A message about the order. */
export interface MessageFacts {
  /** "order-events-v1/2@4711", "audit.broker.orders@12". */
  readonly place: string;
  /** Topic, or the exchange that it went to. */
  readonly stream: string;
  readonly key: string | null;
  /** Unix milliseconds; null where neither the publisher nor the broker says when. */
  readonly publishedMs: number | null;
  /** What publishedMs is: a header of the publisher's, or the broker's own time. */
  readonly clock: "x-published-at" | "broker";
  readonly partition?: number;
  readonly offset?: number;
  readonly value: Readonly<Record<string, unknown>>;
  /** Of a dead letter. */
  readonly reason?: string;
}

export interface ReportFacts {
  readonly version: number | null;
  readonly status: string;
}

/** All that was found out about one order. */
export interface Facts {
  readonly orderId: string;
  readonly nowMs: number;
  readonly order: Known<OrderFacts | undefined>;
  readonly recorded: Known<readonly RecordedFacts[]>;
  readonly entries: Known<readonly EntryFacts[]>;
  readonly commands: Known<readonly CommandFacts[]>;
  readonly results: Known<readonly ResultFacts[]>;
  /** Both ways through RabbitMQ and its dead letters. */
  readonly audited: Known<readonly MessageFacts[]>;
  readonly orderEvents: Known<readonly MessageFacts[]>;
  readonly walletEvents: Known<readonly MessageFacts[]>;
  readonly report: Known<ReportFacts | undefined>;
  /** Status that the POST was answered with, where its Idempotency-Key is remembered. */
  readonly answer?: number;
  /** A row of the data set: nothing of it ever went over a broker. */
  readonly seeded: boolean;
}

/** The facts that come from a store or broker, by where each comes from. */
export type FactName = Exclude<keyof Facts, "orderId" | "nowMs" | "answer" | "seeded">;

/** Of a version 7 UUID its time, Unix milliseconds; undefined of any other text. */
export function timeOfId(id: string): number | undefined {
  const [, high, low] =
    /^([\da-f]{8})-([\da-f]{4})-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i.exec(id) ?? [];
  return high === undefined ? undefined : Number.parseInt(`${high}${low}`, 16);
}

/** The value, or what stands for it while it is not known. */
export function knownOr<Value, Otherwise>(known: Known<Value>, otherwise: Otherwise): Value | Otherwise {
  return "value" in known ? known.value : otherwise;
}

/** Text of a field that may be missing or of another kind: anybody may have sent it. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A number of a field, likewise. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** Money of a payload, as a count of 1/10000. */
export function moneyOf(value: unknown): number | undefined {
  const amount = numberOf(value);
  return amount === undefined ? undefined : Math.round(amount * 10_000);
}
