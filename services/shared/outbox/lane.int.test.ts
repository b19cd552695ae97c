import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestContext } from "../../../test/support/link-context.js";
import { Lane } from "./lane.js";
import { addToOutbox, type OutboxRow } from "./outbox.js";
import { type Publish, publishToKafka, publishToRabbitmq } from "./publishers.js";
import { openTestOutbox, type TestOutbox } from "./testing/open-outbox.js";

type Fate = "arrives" | "is lost" | "arrives unconfirmed";

/** What a broker of either kind was given, whatever it said to it. */
interface World {
  readonly arrived: string[];
  readonly publish: Publish;
}

/** Fates in the order of asking; nothing fails once they are used up. */
function createWorld(channel: OutboxRow["channel"], fates: readonly Fate[]): World {
  const arrived: string[] = [];
  const coming = [...fates];
  const meet = (id: string): Error | undefined => {
    const fate = coming.shift() ?? "arrives";
    if (fate !== "is lost") arrived.push(id);
    return fate === "arrives" ? undefined : new Error(fate);
  };
  const publish =
    channel === "rabbitmq"
      ? publishToRabbitmq({
          publishMany: async (messages) => messages.map(({ messageId }) => meet(messageId)),
        })
      : publishToKafka({
          // A partition takes all of a request or nothing; another may do otherwise.
          send: async (_topic, records) => {
            const errors = ["a", "b"].map((half) => {
              const part = records.filter(({ key }) => (key < "k2" ? "a" : "b") === half);
              const fate = coming.shift() ?? "arrives";
              if (fate !== "is lost") arrived.push(...part.map(({ messageId }) => messageId));
              return fate === "arrives" ? undefined : new Error(fate);
            });
            const error = errors.find((one) => one !== undefined);
            if (error !== undefined) throw error;
          },
        });
  return { arrived, publish };
}

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ add: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 6 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ crash: true } as const) },
);
const fate = fc.constantFrom<Fate>("arrives", "is lost", "arrives unconfirmed");

describe("the way out of the outbox", () => {
  let outbox: TestOutbox;
  beforeEach(async () => {
    outbox = await openTestOutbox();
  });
  afterEach(() => outbox.close());

  it.each(["rabbitmq", "kafka"] as const)(
    "loses nothing and keeps each key's order, whatever fails: %s",
    async (channel) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 12 }),
          fc.array(fate, { maxLength: 40 }),
          async (steps, fates) => {
            const { arrived, publish } = createWorld(channel, fates);
            const added = await play(steps, publish, channel);
            expect(new Set(arrived)).toEqual(new Set(added.map(({ messageId }) => messageId)));
            for (const key of ["k0", "k1", "k2", "k3"]) {
              const ofKey = added.filter((row) => row.key === key).map(({ messageId }) => messageId);
              const firsts = [...new Set(arrived)].filter((id) => ofKey.includes(id));
              expect(firsts).toEqual(ofKey);
            }
          },
        ),
        { numRuns: 200 },
      );
    },
  );

  /** Adds rows and stops lanes as told, then lets one lane finish. */
  async function play(
    steps: readonly ({ add: number[] } | { crash: true })[],
    publish: Publish,
    channel: OutboxRow["channel"],
  ): Promise<OutboxRow[]> {
    const { db } = outbox.database;
    const settings = { channel, publish, lingerMs: 0, retryMs: 1, db, log: createTestContext("t").log };
    const added: OutboxRow[] = [];
    let stop = new AbortController();
    let lane = new Lane(settings);
    let running = lane.run(stop.signal);
    for (const step of steps) {
      if ("crash" in step) {
        stop.abort();
        await running;
        stop = new AbortController();
        lane = new Lane(settings);
        running = lane.run(stop.signal);
        continue;
      }
      const rows = step.add.map((key, index) => ({
        channel,
        destination: "there",
        key: `k${key}`,
        messageId: `${added.length + index}`,
        payload: {},
      }));
      await outbox.database.transact((transaction) => addToOutbox(transaction, rows));
      added.push(...rows);
      lane.wake();
    }
    lane.wake();
    const deadline = Date.now() + 10_000;
    while ((await db.selectFrom("outbox").select("id").limit(1).execute()).length > 0) {
      if (Date.now() > deadline) throw new Error("rows are left");
      await new Promise(setImmediate);
    }
    stop.abort();
    await running;
    return added;
  }
});
