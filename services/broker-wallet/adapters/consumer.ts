import { MarketDataEvent, OrderEvent } from "../../../contracts/messages.js";
import type { KafkaLink } from "../../shared/messaging/kafka-link.js";
import { InvalidMessage } from "../../shared/messaging/messages.js";
import { readTrace } from "../../shared/trace.js";
import { batchLimit, type Instruction, type Ledger } from "../app/ledger.js";
import { readOrderNews } from "../domain/order-news.js";
import { asRefusal, Refusal } from "../domain/refusal.js";
import type { PriceCache } from "./price-cache.js";

interface OrderRecord {
  readonly value: OrderEvent;
  readonly headers: Readonly<Record<string, string>>;
}

interface Followers {
  readonly ledger: Pick<Ledger, "runAll">;
  readonly prices: Pick<PriceCache, "note">;
  /** Rejects while the ledger's database is away. */
  readonly probe: () => Promise<void>;
}

/** Follows orders and prices until the link is closed. */
export function consumeEvents(kafka: Pick<KafkaLink, "consume">, { ledger, prices, probe }: Followers): void {
  const follow = createOrderFollower(ledger);
  kafka.consume({
    groupId: "broker-wallet",
    topics: { "order-events-v1": OrderEvent, "trading-assets-market-data-v1": MarketDataEvent },
    handle: async (batch) => {
      prices.note(batch.flatMap((one) => (one.topic === "trading-assets-market-data-v1" ? [one.value] : [])));
      await follow(batch.filter((one) => one.topic === "order-events-v1"));
    },
    probe,
  });
}

/**
 * Follows orders: a chunk of events in one transaction. What can never be valid changes nothing; after all the others
 * are through it is named, one with each call.
 */
export function createOrderFollower(ledger: Pick<Ledger, "runAll">) {
  /** What became of a record that was handed over before: why it is not valid, or null. */
  const known = new WeakMap<OrderRecord, string | null>();

  /** @throws InvalidMessage */
  return async (records: readonly OrderRecord[]): Promise<void> => {
    const fresh = records.filter((record) => !known.has(record));
    for (let from = 0; from < fresh.length; from += batchLimit) {
      await follow(ledger, fresh.slice(from, from + batchLimit), known);
    }
    for (const record of records) {
      const reason = known.get(record);
      if (reason != null) throw new InvalidMessage(record, reason);
    }
  };
}

async function follow(
  ledger: Pick<Ledger, "runAll">,
  records: readonly OrderRecord[],
  known: WeakMap<OrderRecord, string | null>,
): Promise<void> {
  const news = records.flatMap((record) => {
    try {
      const command = readOrderNews(record.value);
      if (command !== undefined)
        return [{ record, instruction: { command, ...traceOf(record) } satisfies Instruction }];
      known.set(record, null);
    } catch (error) {
      known.set(record, describe(asRefusal(error)));
    }
    return [];
  });
  if (news.length === 0) return;
  const outcomes = await ledger.runAll(news.map(({ instruction }) => instruction));
  for (const [index, { record }] of news.entries()) {
    const outcome = outcomes[index];
    known.set(record, outcome instanceof Refusal ? describe(outcome) : null);
  }
}

function traceOf({ headers }: OrderRecord): { traceparent: string } {
  return { traceparent: readTrace({ traceparent: headers.traceparent }).traceparent };
}

function describe({ code, message }: Refusal): string {
  return `${code}: ${message}`;
}
