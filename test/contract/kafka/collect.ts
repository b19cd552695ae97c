import type { EachMessagePayload } from "kafkajs";
import type { World } from "./world.js";

export interface CollectedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: string;
  readonly headers: Record<string, string | string[]>;
}

/** The first `count` records of a topic as a new group of kafkajs reads them; rejects after 20 s. */
export async function collect(world: World, topic: string, count: number): Promise<CollectedRecord[]> {
  const consumer = world.kafka.consumer({ groupId: world.name("collect"), maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const records: CollectedRecord[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const late = () => reject(new Error(`${records.length} of ${count} records came`));
      timer = setTimeout(late, 20_000);
      const eachMessage = async (payload: EachMessagePayload) => {
        records.push(readRecord(payload));
        if (records.length >= count) resolve();
      };
      consumer.run({ eachMessage }).catch(reject);
    });
  } finally {
    clearTimeout(timer);
    await consumer.disconnect();
  }
  return records;
}

function readRecord({ partition, message }: EachMessagePayload): CollectedRecord {
  const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(String) : String(value),
  ]);
  return {
    partition,
    offset: Number(message.offset),
    key: message.key?.toString() ?? null,
    value: message.value?.toString() ?? null,
    timestamp: message.timestamp,
    headers: Object.fromEntries(headers),
  };
}
