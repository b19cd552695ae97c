import type { Producer } from "kafkajs";
import { expect } from "vitest";
import { createKafka } from "../../../kit/kafka.js";
import { openRaw } from "../../contract/kafka/wire/connection.js";
import type { RuntimeProcess } from "../support/runtime-process.js";
import { brokerOf, readPartition } from "./kafka-log.js";
import type { Writer } from "./writer.js";

const topic = "plain";
const partitions = 3;

/** kafkajs, acks all, no retries: what it was told is stored has to be where it was told. */
export class KafkajsWriter implements Writer {
  /** Partition and offset, with the value. */
  readonly #confirmed = new Map<string, string>();
  #sent = 0;

  get confirmedCount(): number {
    return this.#confirmed.size;
  }

  async write(runtime: RuntimeProcess): Promise<void> {
    const settings = { clientId: "kill", brokers: [brokerOf(runtime)], timeoutMs: 5000, retries: 0 };
    const kafka = await createKafka(settings);
    const admin = kafka.admin();
    const producer = kafka.producer();
    try {
      await admin.connect();
      await admin.createTopics({ topics: [{ topic, numPartitions: partitions }] });
      await producer.connect();
      await Promise.all(Array.from({ length: 4 }, () => this.#writeOn(producer)));
    } catch (error) {
      // The kill comes a moment after the error that it causes.
      await expect.poll(() => runtime.hasEnded, { timeout: 5000 }).toBe(true);
      if (!/onnection|ECONN|disconnected|Closed|This server/.test(String(error))) throw error;
    } finally {
      await Promise.allSettled([admin.disconnect(), producer.disconnect()]);
    }
  }

  async verify(runtime: RuntimeProcess): Promise<void> {
    if (this.#confirmed.size === 0) return;
    const raw = await openRaw(brokerOf(runtime));
    const found = new Map<string, string | null>();
    for (let index = 0; index < partitions; index += 1) {
      const { records } = await readPartition(raw, { topic, index });
      for (const { offset, value } of records) found.set(`${index}@${offset}`, value);
    }
    raw.close();
    const wrong = [...this.#confirmed].filter(([place, value]) => found.get(place) !== value);
    expect(wrong).toEqual([]);
    expect(new Set(found.values()).size).toBe(found.size);
  }

  async #writeOn(producer: Producer): Promise<void> {
    for (;;) {
      const partition = this.#sent % partitions;
      const values = Array.from({ length: 5 }, () => `record ${this.#sent++}`);
      const messages = values.map((value) => ({ value, partition }));
      const [answer] = await producer.send({ topic, acks: -1, messages });
      const base = Number(answer?.baseOffset);
      for (const [at, value] of values.entries()) this.#confirmed.set(`${partition}@${base + at}`, value);
    }
  }
}
