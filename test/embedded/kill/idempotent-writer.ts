import { expect } from "vitest";
import {
  createTopics,
  deleteRecords,
  initProducerId,
  offsetCommit,
  offsetFetch,
  produce,
} from "../../contract/kafka/wire/apis.js";
import { openRaw, type RawConnection } from "../../contract/kafka/wire/connection.js";
import { errorCodes } from "../../contract/kafka/wire/error-codes.js";
import { buildBatch } from "../../contract/kafka/wire/record-batch.js";
import type { RuntimeProcess } from "../support/runtime-process.js";
import { brokerOf, readPartition } from "./kafka-log.js";
import type { Writer } from "./writer.js";

const topic = "numbered";
const group = "readers";
/** Kafka keeps the last five batches of a producer to know a repeated one. */
const inFlightLimit = 5;
/** Every so many batches the position is committed, and what is far behind it is deleted. */
const upkeepEvery = 4;
const keptRecords = 100;

interface Batch {
  readonly first: number;
  readonly count: number;
}

/**
 * An idempotent producer that repeats what was not acknowledged when its broker is back. The value of a record is its
 * number, so that the partition has to hold every number once, at the offset of the same number. Its segments are
 * closed after milliseconds, and DeleteRecords takes old ones away.
 */
export class IdempotentWriter implements Writer {
  readonly #index: number;
  readonly #random: () => number;
  #producer: { producerId: number; producerEpoch: number } | undefined;
  #next = 0;
  #unacknowledged: Batch[] = [];
  #acknowledged = 0;
  #committed = -1;
  #deletedTo = 0;
  /** Asked for, and perhaps done. */
  #asked = { commit: -1, delete: 0 };

  constructor(index: number, random: () => number) {
    this.#index = index;
    this.#random = random;
  }

  get confirmedCount(): number {
    return this.#acknowledged;
  }

  async write(runtime: RuntimeProcess): Promise<void> {
    const raw = await openRaw(brokerOf(runtime));
    try {
      this.#producer ??= await this.#begin(raw);
      for (const batch of this.#unacknowledged) await this.#send(raw, batch);
      this.#unacknowledged = [];
      await Promise.all(Array.from({ length: inFlightLimit }, (_, lane) => this.#writeOn(raw, lane)));
    } catch (error) {
      if (!runtime.hasEnded) await raw.closed;
      if ((error as Error).message.includes("closed")) return;
      throw error;
    } finally {
      raw.close();
    }
  }

  async verify(runtime: RuntimeProcess): Promise<void> {
    if (this.#producer === undefined) return;
    const raw = await openRaw(brokerOf(runtime));
    try {
      const { startOffset, endOffset, records } = await readPartition(raw, { topic, index: this.#index });
      expect(startOffset).toBeGreaterThanOrEqual(this.#deletedTo);
      expect(startOffset).toBeLessThanOrEqual(this.#asked.delete);
      expect(endOffset).toBeGreaterThanOrEqual(this.#acknowledged);
      expect(records.map(({ offset, value }) => `${offset}: ${value?.trimEnd()}`)).toEqual(
        Array.from(
          { length: endOffset - startOffset },
          (_, at) => `${startOffset + at}: ${startOffset + at}`,
        ),
      );
      await this.#verifyCommit(raw);
    } finally {
      raw.close();
    }
  }

  async #verifyCommit(raw: RawConnection): Promise<void> {
    const answer = await raw.ask(offsetFetch, {
      group,
      topics: [{ name: topic, partitions: [this.#index] }],
    });
    const offset = answer.topics[0]?.partitions[0]?.offset ?? -1;
    expect(offset).toBeGreaterThanOrEqual(this.#committed);
    expect(offset).toBeLessThanOrEqual(this.#asked.commit);
  }

  async #begin(raw: RawConnection): Promise<{ producerId: number; producerEpoch: number }> {
    const configs = [{ name: "segment.ms", value: "20" }];
    const created = { name: topic, partitions: 2, replicas: 1, assignments: [], configs };
    const answer = await raw.ask(createTopics, { topics: [created], timeoutMs: 5000, validateOnly: false });
    expect([errorCodes.none, errorCodes.topicAlreadyExists]).toContain(answer.topics[0]?.errorCode);
    return raw.ask(initProducerId, { transactionalId: null, timeoutMs: 5000 });
  }

  async #writeOn(raw: RawConnection, lane: number): Promise<void> {
    for (let round = 0; ; round += 1) {
      const batch = { first: this.#next, count: 1 + Math.floor(this.#random() * 10) };
      this.#next += batch.count;
      this.#unacknowledged.push(batch);
      await this.#send(raw, batch);
      this.#unacknowledged = this.#unacknowledged.filter((other) => other !== batch);
      if (lane === 0 && round % upkeepEvery === upkeepEvery - 1) await this.#keepUp(raw);
    }
  }

  async #send(raw: RawConnection, { first, count }: Batch): Promise<void> {
    const width = this.#random() < 0.05 ? 50_000 : 20;
    const values = Array.from({ length: count }, (_, at) => String(first + at).padEnd(width));
    const records = buildBatch({ values, ...this.#producer, baseSequence: first });
    const answer = await raw.ask(produce, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 5000,
      topics: [{ name: topic, partitions: [{ index: this.#index, records }] }],
    });
    expect(answer.topics[0]?.partitions[0]).toMatchObject({ errorCode: errorCodes.none, baseOffset: first });
    this.#acknowledged = Math.max(this.#acknowledged, first + count);
  }

  async #keepUp(raw: RawConnection): Promise<void> {
    const index = this.#index;
    const offset = this.#acknowledged;
    this.#asked.commit = offset;
    const position = { index, offset, leaderEpoch: -1, metadata: "" };
    const topics = [{ name: topic, partitions: [position] }];
    const committed = await raw.ask(offsetCommit, {
      group,
      generation: -1,
      member: "",
      instance: null,
      topics,
    });
    expect(committed.topics[0]?.partitions[0]?.errorCode).toBe(errorCodes.none);
    this.#committed = offset;
    const before = Math.max(0, offset - keptRecords);
    this.#asked.delete = before;
    const asked = { name: topic, partitions: [{ index, offset: before }] };
    const deleted = await raw.ask(deleteRecords, { topics: [asked], timeoutMs: 5000 });
    expect(deleted.topics[0]?.partitions[0]).toMatchObject({ errorCode: errorCodes.none });
    this.#deletedTo = before;
  }
}
