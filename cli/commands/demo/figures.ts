import type { OrderBody } from "../../../contracts/rest.js";
import type { BroughtUp } from "../../demo/bring-up.js";
import { fieldsOf } from "../../demo/explain-message.js";
import type { CommandResult } from "../../kernel/command.js";
import { placeOf } from "../../streams/contract-of.js";
import { isoTime } from "../../streams/format-text.js";
import type { StreamRecord } from "../../streams/record.js";

export interface DemoFacts {
  readonly system: BroughtUp;
  readonly order: OrderBody;
  readonly messages: readonly StreamRecord[];
  /** Of `tail --trace`. */
  readonly trace: CommandResult;
  /** Of `simulate`. */
  readonly crowd: CommandResult;
  readonly elapsedMs: number;
}

/** What of a life line's document is told here. */
interface TraceData {
  readonly missing: readonly string[];
  readonly hops: readonly { readonly offsetMs: number | null }[];
}

/** docs/schema/demo.schema.json */
export function describeFigures(facts: DemoFacts): object {
  const { system, order, messages, elapsedMs } = facts;
  const { orderId, side, quantity, ticker, status, averagePrice } = order;
  const { missing, hops } = facts.trace.data as TraceData;
  return {
    system,
    order: {
      ...{ orderId, side, quantity, ticker, status, averagePrice },
      messages: messages.map(describeMessage),
      hops: hops.length,
      missing,
      lastHopMs: Math.max(0, ...hops.map(({ offsetMs }) => offsetMs ?? 0)),
    },
    crowd: facts.crowd.data,
    elapsedMs: Math.round(elapsedMs),
  };
}

function describeMessage(record: StreamRecord): object {
  const { status, transactionType, action } = fieldsOf(record);
  const what = transactionType ?? status ?? action ?? "NEW";
  return {
    time: isoTime(record.publishedMs),
    source: record.source,
    place: placeOf(record).label,
    what: String(what),
  };
}
