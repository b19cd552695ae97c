import type { Selectable } from "kysely";
import { messageHeaders } from "../../../contracts/message-headers.js";
import { ordersExchange } from "../../../contracts/topology.js";
import type { KafkaLink } from "../messaging/kafka-link.js";
import type { RabbitmqLink } from "../messaging/rabbitmq-link.js";
import type { OutboxTable } from "./outbox.js";

export type Row = Selectable<OutboxTable>;

export interface Published {
  readonly rows: readonly Row[];
  /** Why the others were not. */
  readonly error?: unknown;
}

/** Publishes rows, of which no two with one key change places; never rejects. */
export type Publish = (rows: readonly Row[]) => Promise<Published>;

function headersOf({ traceparent }: Row): Record<string, string> {
  return traceparent === null ? {} : { [messageHeaders.traceparent]: traceparent };
}

/** All at once but those of one key, which wait for each other. */
export function publishToRabbitmq(rabbitmq: Pick<RabbitmqLink, "publishMany">): Publish {
  return async (rows) => {
    const published: Row[] = [];
    const failures = new Map<string, unknown>();
    for (let rest = rows; rest.length > 0; ) {
      const round = new Map<string, Row>();
      const later: Row[] = [];
      for (const row of rest) {
        const key = `${row.destination} ${row.record_key}`;
        if (failures.has(key)) continue;
        if (round.has(key)) later.push(row);
        else round.set(key, row);
      }
      const messages = [...round.values()].map((row) => ({
        exchange: ordersExchange,
        routingKey: row.destination,
        messageId: row.message_id,
        body: row.payload,
        headers: headersOf(row),
      }));
      const errors = await rabbitmq.publishMany(messages);
      for (const [index, [key, row]] of [...round].entries()) {
        if (errors[index] === undefined) published.push(row);
        else failures.set(key, errors[index]);
      }
      rest = later;
    }
    return { rows: published, error: [...failures.values()][0] };
  };
}

/** One request a topic. */
export function publishToKafka(kafka: Pick<KafkaLink, "send">): Publish {
  return async (rows) => {
    const topics = new Map<string, Row[]>();
    for (const row of rows) {
      const ofTopic = topics.get(row.destination);
      if (ofTopic === undefined) topics.set(row.destination, [row]);
      else ofTopic.push(row);
    }
    let error: unknown;
    const published = [...topics].map(async ([topic, ofTopic]) => {
      const records = ofTopic.map((row) => ({
        key: row.record_key,
        value: row.payload,
        messageId: row.message_id,
        headers: headersOf(row),
      }));
      try {
        await kafka.send(topic, records);
        return ofTopic;
      } catch (reason) {
        error = reason;
        return [];
      }
    });
    return { rows: (await Promise.all(published)).flat(), error };
  };
}
