import { afterAll, beforeAll, expect, it } from "vitest";
import { createRandom } from "../../../kit/seeded-random.js";
import {
  type BuiltRuntime,
  buildRuntime,
  type RuntimeProcess,
  startRuntime,
} from "../support/runtime-process.js";
import { IdempotentWriter } from "./idempotent-writer.js";
import { KafkajsWriter } from "./kafkajs-writer.js";
import { QueueWriter, waitForFirst } from "./queue-writer.js";
import { StreamWriter } from "./stream-writer.js";
import type { Writer } from "./writer.js";

const points = process.env.MYBROKER_LONG_RUNS === "1" ? 50 : 5;
const seed = Number(process.env.MYBROKER_SEED ?? Date.now() % 1_000_000);
const longestWriteMs = 800;
const longestStartMs = 300;

let built: BuiltRuntime;
let runtime: RuntimeProcess;
beforeAll(async () => {
  built = await buildRuntime();
  runtime = await startRuntime(built);
}, 60_000);
afterAll(async () => {
  await runtime.remove();
  built.remove();
});

function createWriters(random: () => number): Writer[] {
  const small = () => 4 + Math.floor(random() * 300);
  // Eight-megabyte files of these are soon full, and mostly of what was acknowledged.
  const large = () => 60_000 + Math.floor(random() * 60_000);
  return [
    new IdempotentWriter(0, random),
    new IdempotentWriter(1, random),
    new KafkajsWriter(),
    new QueueWriter({ queue: "small-quorum", type: "quorum", bodyBytes: small, random }),
    new QueueWriter({ queue: "large-classic", type: "classic", bodyBytes: large, random }),
    new StreamWriter({ queue: "audit-stream", random }),
    new StreamWriter({ queue: "short-stream", maxBytes: 100_000, random }),
  ];
}

async function killAfter(delayMs: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  await runtime.kill();
}

/** Sometimes the next kill comes while it still reads what the last one left. */
async function restart(random: () => number): Promise<void> {
  if (random() < 0.3) {
    await Promise.all([runtime.start(), killAfter(random() * longestStartMs)]);
  }
  expect(await runtime.start()).toMatchObject({ ready: expect.anything() });
}

it(`loses nothing confirmed at ${points} kills (MYBROKER_SEED=${seed})`, {
  timeout: points * 20_000,
}, async () => {
  console.log(`MYBROKER_SEED=${seed}`);
  const random = createRandom(seed);
  const writers = createWriters(random);
  for (let point = 1; point <= points; point += 1) {
    const before = writers.map(({ confirmedCount }) => confirmedCount);
    const writing = Promise.all(writers.map((writer) => writer.write(runtime)));
    await Promise.race([writing, waitForFirst(writers, before)]);
    await killAfter(random() * longestWriteMs);
    await writing;
    await restart(random);
    for (const writer of writers) {
      await writer.verify(runtime).catch((error: Error) => {
        error.message = `kill ${point} of seed ${seed}, ${writer.constructor.name}: ${error.message}`;
        throw error;
      });
    }
  }
  console.log(writers.map((writer) => `${writer.constructor.name} ${writer.confirmedCount}`).join(", "));
  expect(runtime.log().filter(({ level }) => level === "error")).toEqual([]);
});
