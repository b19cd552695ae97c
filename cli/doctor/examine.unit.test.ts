import { expect, it } from "vitest";
import { askAgain } from "./ask-again.js";
import { type Check, type Finding, fine } from "./check.js";
import { chooseChecks } from "./choose-checks.js";
import { countFindings, examine, problemsOf } from "./examine.js";
import { makeFacts, makeProject } from "./testing/make-facts.js";

function finding(id: string, subject: string, level: Finding["level"]): Finding {
  return { id, subject, level, message: `${id} of ${subject}`, fix: "do it" };
}

const findings = [
  finding("kafka.lag", "kafka", "warning"),
  finding("kafka.lag", "other-kafka", "warning"),
  finding("kafka.down", "kafka", "error"),
  finding("kafka.down", "other-kafka", "unknown"),
  fine("kafka.works", "kafka", "fine"),
];
const check: Check = {
  id: "kafka.works",
  title: "Kafka works",
  finds: ["kafka.lag", "kafka.down", "kafka.works"],
  run: async () => findings,
};

async function look(ignores: object = {}, service: object = {}) {
  const kafka = { command: null, entrypoint: null, "x-mybroker": { kind: "kafka", port: 9092, ...service } };
  const project = makeProject({ services: { kafka: kafka as never }, extensions: { "x-mybroker": ignores } });
  const choice = chooseChecks([check], { only: [], exclude: [], deep: false });
  return (await examine(makeFacts({ project }), choice, performance.now() + 3_000)).findings;
}

const ignore = (entry: object) => ({ doctor: { ignore: [entry] } });

it("counts, and tells the worst first", async () => {
  const found = await look();
  expect(countFindings(found)).toEqual({ errors: 1, warnings: 2, unknown: 1, ok: 1, ignored: 0 });
  expect(problemsOf(found).map(({ level }) => level)).toEqual(["error", "unknown", "warning", "warning"]);
});

it.each([
  ["at the top, of every service", ignore({ id: "kafka.lag", reason: "a batch" }), {}, 2],
  ["beside a service, of that one", {}, ignore({ id: "kafka.lag", reason: "a batch" }), 1],
  ["without a reason, nothing", ignore({ id: "kafka.lag" }), {}, 0],
  ["with an empty reason, nothing", ignore({ id: "kafka.lag", reason: " " }), {}, 0],
  ["never what is well", ignore({ id: "kafka.works", reason: "x" }), {}, 0],
])("ignores %s", async (_, top, beside, ignored) => {
  const found = await look(top, beside);
  expect(countFindings(found)).toMatchObject({ ignored, warnings: 2 - ignored, ok: 1 });
  for (const told of found.filter((told) => told.ignored !== undefined)) expect(told.ignored).toBe("a batch");
});

it("asks again, alone, what could not be found out, three times at most", async () => {
  const asked: string[] = [];
  const answersAfter = (id: string, times: number): Check => ({
    ...{ id, title: id, finds: [id] },
    run: async () => {
      asked.push(id);
      return asked.filter((one) => one === id).length > times
        ? [fine(id, "x", "well")]
        : [finding(id, "x", "unknown")];
    },
  });
  const choice = chooseChecks(
    [answersAfter("a.quick", 0), answersAfter("b.slow", 2), answersAfter("c.hung", 99)],
    {
      ...{ only: [], exclude: [], deep: false },
    },
  );
  let closed = 0;
  const close = () => {
    closed += 1;
  };
  const { request } = makeFacts();
  const look = async () =>
    makeFacts({
      request: { ...request, output: { debug: () => {} } } as never,
      ground: { runtime: "docker", containers: [], engine: { close } as never },
    });
  const seen = await examine(await look(), choice, performance.now() + 3_000);
  const known = await askAgain(seen, choice, look);
  expect(asked.sort().join(" ")).toBe("a.quick b.slow b.slow b.slow c.hung c.hung c.hung c.hung");
  expect(known.findings.map(({ id, level }) => `${id} ${level}`).sort()).toEqual([
    ...["a.quick ok", "b.slow ok", "c.hung unknown"],
  ]);
  expect(known.examined.map(({ findings: found }) => found[0]?.level)).toEqual(["ok", "ok", "unknown"]);
  expect(closed).toBe(3);
});
