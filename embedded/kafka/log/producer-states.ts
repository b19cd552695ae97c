import { KafkaError } from "../errors.js";
import type { RecordBatch } from "./record-batch.js";

/** [first sequence, last sequence, base offset] */
type SequencedBatch = readonly [number, number, number];

interface ProducerState {
  readonly epoch: number;
  readonly lastUsedMs: number;
  /** The last five, oldest first: as many as a producer may have in flight. */
  readonly batches: readonly SequencedBatch[];
}

/** [producer id, state], in order of use, oldest first. */
export type ProducerSnapshot = readonly (readonly [number, ProducerState])[];

const keptBatches = 5;
const producerLimit = 1_000;
/** producer.id.expiration.ms of Apache Kafka. */
const expirationMs = 24 * 60 * 60 * 1000;
const sequenceCount = 2 ** 31;

/** What a partition knows about its idempotent producers (KIP-98; unknown ones may begin anywhere, KIP-360). */
export class ProducerStates {
  readonly #states: Map<number, ProducerState>;

  constructor(snapshot: ProducerSnapshot = []) {
    this.#states = new Map(snapshot);
  }

  /**
   * @returns the base offset of the batch if it was appended before, undefined if it is the next one
   * @throws KafkaError INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER
   */
  findDuplicate(batch: RecordBatch): number | undefined {
    const state = this.#states.get(batch.producerId);
    if (batch.producerId < 0 || !state) return undefined;
    if (batch.producerEpoch < state.epoch) {
      throw new KafkaError(
        "INVALID_PRODUCER_EPOCH",
        `epoch ${batch.producerEpoch} of producer ${batch.producerId} is over, ${state.epoch} has begun`,
      );
    }
    const sameEpoch = batch.producerEpoch === state.epoch;
    const [first, last] = sequencesOf(batch);
    const known = sameEpoch && state.batches.find((old) => old[0] === first && old[1] === last);
    if (known) return known[2];
    const previous = state.batches.at(-1);
    const expected = sameEpoch && previous ? (previous[1] + 1) % sequenceCount : 0;
    if (first !== expected && (previous || !sameEpoch)) {
      throw new KafkaError(
        "OUT_OF_ORDER_SEQUENCE_NUMBER",
        `sequence ${first} of producer ${batch.producerId} came where ${expected} was expected`,
      );
    }
    return undefined;
  }

  /** Notes a batch that is being appended. @returns a function that forgets it again */
  record(batch: RecordBatch, baseOffset: number, nowMs: number): () => void {
    const { producerId, producerEpoch: epoch } = batch;
    if (producerId < 0) return () => {};
    const before = this.#states.get(producerId);
    const kept = before?.epoch === epoch ? before.batches.slice(1 - keptBatches) : [];
    this.#states.delete(producerId);
    this.#states.set(producerId, {
      epoch,
      lastUsedMs: nowMs,
      batches: [...kept, [...sequencesOf(batch), baseOffset]],
    });
    this.#dropOld(nowMs);
    return () => {
      if (before) this.#states.set(producerId, before);
      else this.#states.delete(producerId);
    };
  }

  takeSnapshot(): ProducerSnapshot {
    return [...this.#states];
  }

  #dropOld(nowMs: number): void {
    for (const [id, { lastUsedMs }] of this.#states) {
      if (this.#states.size <= producerLimit && nowMs - lastUsedMs < expirationMs) return;
      this.#states.delete(id);
    }
  }
}

function sequencesOf({ baseSequence, recordCount }: RecordBatch): [number, number] {
  return [baseSequence, (baseSequence + recordCount - 1) % sequenceCount];
}
