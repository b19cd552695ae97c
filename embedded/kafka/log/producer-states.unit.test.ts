import { describe, expect, it } from "vitest";
import { encodeTestBatch } from "../testing/record-batches.js";
import { ProducerStates } from "./producer-states.js";
import { type RecordBatch, readBatchHeader } from "./record-batch.js";

const dayMs = 24 * 60 * 60 * 1000;

function batchOf(producerId: number, baseSequence: number): RecordBatch {
  const bytes = encodeTestBatch([{ value: "v" }], { producerId, producerEpoch: 0, baseSequence });
  const batch = readBatchHeader(bytes, 0);
  if (!batch) throw new Error("no batch");
  return batch;
}

describe("ProducerStates", () => {
  it("knows the last five batches of a producer", () => {
    const states = new ProducerStates();
    for (let sequence = 0; sequence < 6; sequence += 1)
      states.record(batchOf(1, sequence), sequence + 100, 0);
    expect(states.findDuplicate(batchOf(1, 1))).toBe(101);
    expect(() => states.findDuplicate(batchOf(1, 0))).toThrow("sequence 0 of producer 1");
    expect(states.findDuplicate(batchOf(1, 6))).toBeUndefined();
  });

  it("forgets what was not appended after all", () => {
    const states = new ProducerStates();
    states.record(batchOf(1, 0), 0, 0);
    const undo = [states.record(batchOf(1, 1), 1, 0), states.record(batchOf(2, 0), 2, 0)];
    for (const one of undo.reverse()) one();
    expect(states.findDuplicate(batchOf(1, 1))).toBeUndefined();
    expect(states.takeSnapshot()).toHaveLength(1);
  });

  it("knows after it was saved what it knew before", () => {
    const states = new ProducerStates();
    states.record(batchOf(1, 0), 0, 0);
    const saved = new ProducerStates(JSON.parse(JSON.stringify(states.takeSnapshot())));
    expect(saved.findDuplicate(batchOf(1, 0))).toBe(0);
    expect(saved.findDuplicate(batchOf(1, 1))).toBeUndefined();
    expect(() => saved.findDuplicate(batchOf(1, 2))).toThrow("sequence 2 of producer 1");
  });

  it("keeps a thousand producers for a day", () => {
    const states = new ProducerStates();
    for (let id = 0; id <= 1_000; id += 1) states.record(batchOf(id, 0), id, 0);
    expect(states.takeSnapshot().map(([id]) => id)).toEqual(
      Array.from({ length: 1_000 }, (_, index) => index + 1),
    );
    states.record(batchOf(5_000, 0), 2_000, dayMs);
    expect(states.takeSnapshot().map(([id]) => id)).toEqual([5_000]);
  });
});
