import { describe, expect, it } from "vitest";
import type { MybrokerExtension, Project, Service } from "../compose/model.js";
import { chooseStreams, listStreams, type StreamChoice, type Tap } from "./choose-streams.js";

function projectOf(services: Readonly<Record<string, Partial<MybrokerExtension>>>): Project {
  const built = Object.entries(services).map(([name, extension]): [string, Service] => [
    name,
    { command: null, entrypoint: null, "x-mybroker": { port: 1, ...extension } as MybrokerExtension },
  ]);
  return { name: "demo", workingDir: "/demo", services: Object.fromEntries(built) } as unknown as Project;
}

const topics = ["order-events-v1", "wallet-events-v1", "trading-assets-market-data-v1"];
const queues = ["mq-broker-to-b3", "mq-b3-to-broker", "dlq-broker-to-b3", "dlq-b3-to-broker"];
const shipped: Readonly<Record<"kafka" | "rabbitmq", Partial<MybrokerExtension>>> = {
  kafka: { kind: "kafka", topics },
  rabbitmq: { kind: "rabbitmq", queues, streams: ["audit.broker.orders"] },
};
const project = projectOf({ ...shipped, "order-db": { kind: "mysql" } });
/** With what a user put beside ours. */
const extended = projectOf({
  kafka: shipped.kafka,
  rabbitmq: { ...shipped.rabbitmq, queues: [...queues, "mails"] },
  "kafka-of-mine": { kind: "kafka", topics: ["payments"] },
  "rabbit-of-mine": { kind: "rabbitmq", queues: ["payments"], streams: ["ledger"] },
});

const choose = (choice: Partial<StreamChoice>, from = project): Tap[] =>
  chooseStreams(from, { names: [], kafka: [], rabbit: [], firehose: false, ...choice });

const audit = { kind: "stream", service: "rabbitmq", queue: "audit.broker.orders" } as const;
const orders = { exchange: "exchange.broker.orders" };
const dead = { exchange: "dlx.broker.orders" };
const topicsOf = (names: readonly string[], more = {}) => ({
  kind: "topics",
  service: "kafka",
  topics: names.map((name) => ({ name, ...more })),
});
const dlt = (names: readonly string[]) => names.map((name) => `${name}.dlt`);

describe("streams by name", () => {
  it.each<[string, unknown[]]>([
    ["orders", [topicsOf(["order-events-v1"]), { ...audit, ways: [orders] }]],
    ["quotes", [topicsOf(["trading-assets-market-data-v1"])]],
    ["wallet", [topicsOf(["wallet-events-v1"])]],
    ["dlq", [topicsOf(dlt(topics), { mayBeMissing: true }), { ...audit, ways: [dead] }]],
    ["all", [topicsOf([...topics, ...dlt(topics)], { mayBeMissing: true }), audit]],
    ["order-events-v1", [topicsOf(["order-events-v1"])]],
    ["audit.broker.orders", [audit]],
    ["mq-broker-to-b3", [{ ...audit, ways: [{ ...orders, routingKey: "b3.matching.engine" }] }]],
    ["dlq-b3-to-broker", [{ ...audit, ways: [{ ...dead, routingKey: "b3.order.results" }] }]],
  ])("%s", (name, taps) => {
    expect(choose({ names: [name] })).toEqual(taps);
  });

  it("are orders where nothing is said", () => {
    expect(choose({})).toEqual(choose({ names: ["orders"] }));
    expect(choose({ rabbit: ["shop"] })).toEqual([{ kind: "tap", service: "rabbitmq", name: "shop" }]);
  });

  it("share a connection and are listened to once", () => {
    expect(choose({ names: ["orders", "dlq", "wallet", "orders"] })).toEqual([
      {
        ...topicsOf([]),
        topics: [
          { name: "order-events-v1" },
          ...dlt(topics).map((name) => ({ name, mayBeMissing: true })),
          { name: "wallet-events-v1" },
        ],
      },
      { ...audit, ways: [orders, dead, orders] },
    ]);
    expect(choose({ names: ["orders", "audit.broker.orders"] })[1]).toEqual(audit);
    // Asked for by its name it has to be there.
    const [kafka] = choose({ names: ["all", "orders"] });
    expect(kafka).toMatchObject({ topics: expect.arrayContaining([{ name: "order-events-v1" }]) });
  });

  it("are live only where RabbitMQ has no audit stream", () => {
    const bare = projectOf({ kafka: { kind: "kafka" }, rabbitmq: { kind: "rabbitmq", queues } });
    expect(choose({ names: ["orders"] }, bare)).toEqual([
      topicsOf(["order-events-v1"]),
      { kind: "tap", service: "rabbitmq", name: "exchange.broker.orders" },
    ]);
    expect(choose({ names: ["all"] }, bare)).toEqual(
      queues.map((name) => ({ kind: "tap", service: "rabbitmq", name, what: "queue" })),
    );
  });
});

describe("what a user adds to the compose file", () => {
  it("is a stream by its name, on whichever brokers have it", () => {
    expect(choose({ names: ["payments"] }, extended)).toEqual([
      { kind: "topics", service: "kafka-of-mine", topics: [{ name: "payments" }] },
      { kind: "tap", service: "rabbit-of-mine", name: "payments", what: "queue" },
    ]);
    expect(choose({ names: ["ledger"] }, extended)).toEqual([
      { kind: "stream", service: "rabbit-of-mine", queue: "ledger" },
    ]);
    expect(choose({ kafka: ["payments", "elsewhere"] }, extended)).toEqual([
      { kind: "topics", service: "kafka-of-mine", topics: [{ name: "payments" }] },
      { kind: "topics", service: "kafka", topics: [{ name: "elsewhere" }] },
    ]);
  });

  it("is a part of all, and what the audit stream has is not heard twice", () => {
    const taps = choose({ names: ["all"] }, extended).map((tap) => [tap.service, tap.kind]);
    expect(taps).toEqual([
      ["kafka", "topics"],
      ["kafka-of-mine", "topics"],
      ["rabbitmq", "stream"],
      ["rabbitmq", "tap"],
      ["rabbit-of-mine", "stream"],
      ["rabbit-of-mine", "tap"],
    ]);
  });

  it("never takes the place of a name of ours", () => {
    const sly = projectOf({ ...shipped, mine: { kind: "rabbitmq", queues: ["orders"] } });
    expect(choose({ names: ["orders"] }, sly)).toEqual(choose({ names: ["orders"] }));
  });
});

describe("a name that is not there", () => {
  it("is answered with what was meant, or with all that there is", () => {
    const names = listStreams(project).map(({ name }) => name);
    expect(names).toEqual([
      "orders",
      "quotes",
      "wallet",
      "dlq",
      "all",
      ...topics,
      ...queues,
      "audit.broker.orders",
    ]);
    expect(() => choose({ names: ["ordrs"] })).toThrow(
      expect.objectContaining({
        code: "usage.unknown-stream",
        exitCode: 2,
        message: `demo has no stream ordrs; it has ${names.join(", ")}`,
        hint: "Did you mean:  {mybroker} tail orders",
      }),
    );
    expect(() => choose({ names: ["something-else"] })).toThrow(
      expect.objectContaining({ hint: "Any other:  {mybroker} tail --kafka TOPIC  or  --rabbit EXCHANGE" }),
    );
  });

  it("and a broker that no file names", () => {
    const bare = projectOf({ "order-db": { kind: "mysql" } });
    for (const choice of [{ kafka: ["a"] }, { rabbit: ["a"] }, { firehose: true }, { names: ["orders"] }])
      expect(() => choose(choice, bare)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
