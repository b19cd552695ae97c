import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Queue, QueueKind } from "./queue.js";
import { Bench, messageOf } from "./testing/queue-bench.js";
import { QueueTwin, type TwinMessage } from "./testing/queue-twin.js";

const pick = fc.nat(20);
const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("publish" as const),
      persistent: fc.boolean(),
      ttlMs: fc.option(fc.nat(50)),
      padding: fc.nat(200),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("get" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("ack" as const), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reject" as const), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("return" as const), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("lose" as const), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(40) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("purge" as const, "restart" as const, "kill" as const) }),
  },
);

type Step = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

const settings = fc.record({
  kind: fc.constantFrom<QueueKind>("classic", "quorum"),
  deliveryLimit: fc.constantFrom(-1, 0, 2),
  maxLength: fc.constantFrom(4, 1000),
  commands: fc.array(command, { maxLength: 150, size: "large" }),
});

interface Run {
  readonly bench: Bench;
  readonly twin: QueueTwin;
  queue: Queue;
  readonly ids: Map<TwinMessage, number>;
  published: number;
}

describe("a queue and its naive twin", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("do the same, whatever is published, taken, lost, expired, restarted or killed", {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(settings, async ({ kind, deliveryLimit, maxLength, commands }) => {
        vi.useFakeTimers({ toFake: ["Date"], now: 1_000_000 });
        const bench = await Bench.create();
        const definition = {
          kind,
          arguments: {
            "x-delivery-limit": deliveryLimit,
            "x-max-length": maxLength,
            "x-dead-letter-exchange": "dlx",
          },
        };
        const twin = new QueueTwin({ quorum: kind === "quorum", deliveryLimit, maxLength });
        const run: Run = { bench, twin, queue: await bench.open(definition), ids: new Map(), published: 0 };
        try {
          for (const step of commands) {
            await follow(run, step, definition);
            await settle(run);
            expect([run.queue.readyCount, run.queue.unackedCount]).toEqual([
              twin.readyCount,
              twin.unacked.length,
            ]);
          }
          while (twin.readyCount > 0) {
            await follow(run, { do: "get" }, definition);
            await settle(run);
          }
          expect(await run.queue.get(false)).toBeUndefined();
          expect(bench.deadLetters).toEqual(twin.deadLetters);
          expect(bench.logged).toEqual([]);
        } finally {
          await bench.dispose();
        }
      }),
      { numRuns: 60, interruptAfterTimeLimit: 30_000, markInterruptAsFailure: false },
    );
  });
});

async function settle({ bench, twin, queue }: Run): Promise<void> {
  twin.settle(Date.now());
  queue.resume();
  // The date stands still here, this clock does not.
  const deadline = performance.now() + 5000;
  while (bench.deadLetters.length < twin.deadLetters.length && performance.now() < deadline)
    await setImmediate();
  await setImmediate();
}

async function follow(run: Run, step: Step, definition: Parameters<Bench["open"]>[0]): Promise<void> {
  const { twin, bench, queue, ids } = run;
  const chosen = "pick" in step ? twin.unacked[step.pick % Math.max(1, twin.unacked.length)] : undefined;
  const id = chosen ? [ids.get(chosen) ?? -1] : [];
  if (step.do === "publish") {
    const body = `${run.published++}`.padEnd(step.padding, ".");
    const expirationMs = step.ttlMs ?? undefined;
    expect(await queue.publish(messageOf(body), { persistent: step.persistent, expirationMs })).toBe(
      "stored",
    );
    const expiresAt = expirationMs === undefined ? 0 : Date.now() + expirationMs;
    twin.publish(
      { body, persistent: step.persistent, expiresAt, deliveryCount: 0, redelivered: false },
      Date.now(),
    );
  } else if (step.do === "get") {
    const delivery = await queue.get(false);
    const expected = twin.get();
    expect(
      delivery && {
        body: delivery.message.body.toString(),
        redelivered: delivery.redelivered,
        deliveryCount: delivery.deliveryCount,
      },
    ).toEqual(
      expected && {
        body: expected.body,
        redelivered: expected.redelivered,
        deliveryCount: expected.deliveryCount,
      },
    );
    if (expected && delivery) ids.set(expected, delivery.deliveryId);
  } else if (step.do === "wait") {
    vi.setSystemTime(Date.now() + step.ms);
  } else if (step.do === "purge") {
    expect(await queue.purge()).toBe(twin.purge());
  } else if (step.do === "restart" || step.do === "kill") {
    await settle(run);
    // What was noted before a message that is confirmed is in the file as well; it must cause no notes of its own.
    queue.setArguments({ "x-dead-letter-exchange": "dlx" });
    const body = `${run.published++}`;
    await queue.publish(messageOf(body), { persistent: true });
    twin.append({ body, persistent: true, expiresAt: 0, deliveryCount: 0, redelivered: false });
    await (step.do === "kill" ? bench.killAndStart() : bench.restart());
    run.queue = await bench.open(definition);
    twin.restart(Date.now());
    ids.clear();
  } else if (chosen) {
    const cause = step.do === "lose" ? "lost" : "returned";
    if (step.do === "ack") [queue.ack(id), twin.ack(chosen)];
    else if (step.do === "reject") [queue.reject(id), twin.reject(chosen)];
    else [queue.requeue(id, cause), twin.requeue(chosen, cause), twin.trim()];
  }
}
