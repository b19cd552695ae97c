import { expect, it } from "vitest";
import { countFindings, type Examination, problemsOf, type ToldFinding } from "../../doctor/examine.js";
import { planFixes } from "../../doctor/fix/plan-fixes.js";
import { repairWith } from "../../doctor/fix/repair-with.js";
import { createStyle } from "../../output/style.js";
import { type Fixing, judgePending } from "./fix.js";
import { chooseExitCode } from "./handler.js";
import { renderDoctor } from "./screen.js";

const check = { id: "kafka.works", title: "", finds: [], run: async () => [] };

function finding(id: string, subject: string, more: Partial<ToldFinding>): ToldFinding {
  return {
    id,
    subject,
    level: "error",
    message: `${subject} is not well`,
    fix: "{mybroker} up",
    check,
    ignored: undefined,
    ...more,
  };
}

const start = (name: string) => ({ fix: `{mybroker} start ${name}`, repair: repairWith("start", name) });
const findings = [
  finding("env.missing-key", "A", {
    level: "warning",
    message: "A is in .env.example and not in .env",
    fix: "{mybroker} init",
    repair: repairWith("init"),
  }),
  finding("container.stopped", "kafka", { level: "warning", ...start("kafka") }),
  ...["a", "b", "c", "d", "e"].map((name) =>
    finding("env.stale-container", name, { level: "warning", fix: `{mybroker} up ${name}` }),
  ),
  finding("kafka.advertised-unreachable", "kafka", {
    message:
      "kafka tells clients to go to kafka:29092, which this host cannot reach, so that whoever follows waits",
    evidence: ["listeners:\nkafka:29092"],
  }),
  finding("rabbitmq.no-answer", "rabbitmq.works", {
    level: "unknown",
    message: "no answer within 1.0 s",
    fix: null,
  }),
  finding("config.open-port", "gateway", { ignored: "the tablet on my desk", level: "warning" }),
  finding("kafka.works", "kafka", { level: "ok", message: "a record produced and consumed", fix: null }),
];

const ground = { runtime: "embedded", place: {} as never, status: undefined } as const;

function render(all: boolean, fixing?: Fixing): string {
  const lines = renderDoctor({
    ground,
    examined: [],
    findings,
    problems: problemsOf(findings),
    counts: countFindings(findings),
    elapsedMs: 812,
    all,
    style: createStyle("never", false, {}),
    fixing,
    report: undefined,
  });
  for (const line of lines.filter((text) => !text.includes("{mybroker}")))
    expect(line.length).toBeLessThanOrEqual(80);
  return lines.join("\n");
}

it("shows problems, the worst first, of one kind three, each with what to type", () => {
  expect(render(false)).toMatchInlineSnapshot(`
    "Embedded, no process that answers, 10 checks
    ✖ kafka.advertised-unreachable  kafka tells clients to go to kafka:29092,
        which this host cannot reach, so that whoever follows waits
        fix  {mybroker} up
    ? rabbitmq.no-answer  no answer within 1.0 s
    ⚠ env.missing-key  A is in .env.example and not in .env
        fix  {mybroker} init
    ⚠ container.stopped  kafka is not well
        fix  {mybroker} start kafka
    ⚠ env.stale-container  a is not well
        fix  {mybroker} up a
    ⚠ env.stale-container  b is not well
        fix  {mybroker} up b
    ⚠ env.stale-container  c is not well
        fix  {mybroker} up c
        and 2 more:  {mybroker} doctor --only env.stale-container --debug
    1 error, 7 warnings, 1 unknown, 1 ok, 1 ignored in 0.8 s.
    Unknown: could not be found out this time; it may be well or not.
    Next:  {mybroker} doctor --fix"
  `);
});

it("shows everything with --debug: what was seen, what is ignored and why, what is well, where to read on", () => {
  expect(render(true)).toMatchInlineSnapshot(`
    "Embedded, no process that answers, 10 checks
    ✖ kafka.advertised-unreachable  kafka tells clients to go to kafka:29092,
        which this host cannot reach, so that whoever follows waits
        fix  {mybroker} up
        | listeners:
        | kafka:29092
        docs docs/commands/doctor.md#kafka.advertised-unreachable
    ? rabbitmq.no-answer  no answer within 1.0 s
        docs docs/commands/doctor.md#rabbitmq.no-answer
    ⚠ env.missing-key  A is in .env.example and not in .env
        fix  {mybroker} init
        docs docs/commands/doctor.md#env.missing-key
    ⚠ container.stopped  kafka is not well
        fix  {mybroker} start kafka
        docs docs/commands/doctor.md#container.stopped
    ⚠ env.stale-container  a is not well
        fix  {mybroker} up a
        docs docs/commands/doctor.md#env.stale-container
    ⚠ env.stale-container  b is not well
        fix  {mybroker} up b
        docs docs/commands/doctor.md#env.stale-container
    ⚠ env.stale-container  c is not well
        fix  {mybroker} up c
        docs docs/commands/doctor.md#env.stale-container
    ⚠ env.stale-container  d is not well
        fix  {mybroker} up d
        docs docs/commands/doctor.md#env.stale-container
    ⚠ env.stale-container  e is not well
        fix  {mybroker} up e
        docs docs/commands/doctor.md#env.stale-container
    ⚠ config.open-port  gateway is not well
        fix  {mybroker} up
        ignored: the tablet on my desk
        docs docs/commands/doctor.md#config.open-port
    ✔ kafka.works  kafka: a record produced and consumed
    1 error, 7 warnings, 1 unknown, 1 ok, 1 ignored in 0.8 s.
    Unknown: could not be found out this time; it may be well or not.
    Next:  {mybroker} doctor --fix"
  `);
});

it("says what --fix would do, and what it did", () => {
  const plan = planFixes(problemsOf(findings));
  const after = { ground, examined: [], findings };
  expect(
    render(false, { plan, outcomes: undefined, after }).split("\n").slice(0, 7).join("\n"),
  ).toMatchInlineSnapshot(`
    "Embedded, no process that answers, 10 checks
    To repair:
      {mybroker} init
          env.missing-key  A
      {mybroker} start kafka
          container.stopped  kafka
    Nothing was changed."
  `);
  const [init, starting] = plan.steps;
  if (init === undefined || starting === undefined) throw new Error("the plan has two steps");
  const outcomes = [
    { step: init, status: "failed", problem: "the disk is full" },
    { step: starting, status: "unneeded", problem: null },
  ] as const;
  expect(render(false, { plan, outcomes, after }).split("\n").slice(1, 3).join("\n")).toMatchInlineSnapshot(`
    "✖ {mybroker} init: the disk is full
    ✔ {mybroker} start kafka: no longer needed"
  `);
  expect(render(false, { plan: { steps: [], manual: [] }, outcomes: undefined, after }).split("\n")[1]).toBe(
    "Nothing to repair.",
  );
});

function renderOnly(
  problems: readonly ToldFinding[],
  fixing?: Fixing,
  examined: Examination["examined"] = [],
): string[] {
  const counts = countFindings(problems);
  const style = createStyle("never", false, {});
  const report = undefined;
  return renderDoctor({
    ground,
    examined,
    findings: problems,
    problems,
    counts,
    elapsedMs: 812,
    all: false,
    style,
    fixing,
    report,
  });
}

it("names what can be repaired before what only waits for it", () => {
  const waits = finding("service.not-ready", "order", { fix: "{mybroker} logs order" });
  const stopped = finding("embedded.stopped", "rabbitmq", { level: "warning", ...start("rabbitmq") });
  expect(renderOnly([waits, stopped]).at(-1)).toBe("Next:  {mybroker} start rabbitmq");
  const stale = finding("embedded.stale-files", "process", { level: "warning", ...start("rabbitmq") });
  expect(renderOnly([waits, stopped, stale]).at(-1)).toBe("Next:  {mybroker} start rabbitmq");
  const other = finding("embedded.stopped", "kafka", { level: "warning", ...start("kafka") });
  expect(renderOnly([waits, stopped, other]).at(-1)).toBe("Next:  {mybroker} doctor --fix");
});

it("says what --fix leaves to a person", () => {
  const manual = [finding("env.file-mode", ".env", { fix: "chmod 600 .env" })];
  const after = { ground, examined: [], findings: manual };
  const lines = renderOnly(manual, { plan: planFixes(manual), outcomes: undefined, after });
  expect(lines[1]).toBe("Nothing that --fix repairs: that is for you to type.");
});

it("tells what a busy machine did not get to in one place", () => {
  const silent = ["mysql.no-answer", "mysql.no-answer", "kafka.no-answer", "data.no-answer"].map(
    (id, index) => finding(id, `${index}`, { level: "unknown", fix: "{mybroker} doctor" }),
  );
  expect(renderOnly(silent).slice(1, 3)).toEqual([
    "? no answer in time from mysql (2), kafka and data; is this machine busy?",
    "    fix  {mybroker} doctor --only mysql --only kafka --only data",
  ]);
  expect(renderOnly(silent).at(-1)).toBe("Next:  {mybroker} doctor --only mysql --only kafka --only data");
  expect(renderOnly(silent.slice(1)).join("\n")).toContain("? kafka.no-answer  2 is not well");
});

it("waits for what was repaired and what came of it, not for what --fix failed at", () => {
  const stopped = finding("embedded.stopped", "rabbitmq", start("rabbitmq"));
  const missing = finding("env.missing-key", "A", { repair: repairWith("init") });
  const [init, starting] = planFixes([missing, stopped]).steps;
  if (init === undefined || starting === undefined) throw new Error("the plan has two steps");
  const failed = finding("embedded.failed", "rabbitmq", {});
  const seen = { findings: [stopped, missing] };
  const outcome = (step: typeof init, status: "done" | "failed") => ({ step, status, problem: null });
  const none = judgePending(seen, [outcome(starting, "failed")]);
  expect([stopped, missing, failed].map(none)).toEqual([false, false, false]);
  const one = judgePending(seen, [outcome(init, "done"), outcome(starting, "failed")]);
  const came = finding("service.not-ready", "order", {});
  expect([stopped, missing, failed, came].map(one)).toEqual([false, true, false, true]);
});

it.each([
  [{ errors: 0, warnings: 0, unknown: 0 }, {}, 0],
  [{ errors: 0, warnings: 2, unknown: 0 }, {}, 0],
  [{ errors: 0, warnings: 2, unknown: 0 }, { strict: true }, 1],
  [{ errors: 1, warnings: 0, unknown: 3 }, {}, 1],
  [{ errors: 0, warnings: 0, unknown: 1 }, {}, 3],
  [{ errors: 1, warnings: 0, unknown: 0 }, { blind: true }, 3],
])("%j with %j ends with %i", (counts, how, exitCode) => {
  const found = { ok: 5, ignored: 1, ...counts };
  expect(chooseExitCode(found, { blind: false, strict: false, ...how })).toBe(exitCode);
});

it("says why there is no finding at all", () => {
  const told = (examined: Examination["examined"]) => renderOnly([], undefined, examined)[1];
  const seed = { ...check, id: "data.agrees", title: "the data of the seed agrees" };
  expect(told([])).toBe("No check was chosen.");
  expect(told([{ check: seed, findings: [], elapsedMs: 1 }])).toBe(
    "Nothing to look at here for data.agrees: the data of the seed agrees.",
  );
  const works = { ...finding("kafka.works", "kafka", { level: "ok", fix: null }), check };
  expect(told([{ check, findings: [works], elapsedMs: 1 }])).toBe(
    "What was chosen was not found: kafka.works would tell it.",
  );
});

it("names --deep where an order was on its way too long", () => {
  const silent = ["mysql", "kafka", "data"].map((area) =>
    finding(`${area}.no-answer`, area, { level: "unknown" }),
  );
  const order = finding("order.no-answer", "order", {
    level: "unknown",
    check: { ...check, deepOnly: true },
  });
  expect(renderOnly([...silent, order])[2]).toBe(
    "    fix  {mybroker} doctor --deep --only mysql --only kafka --only data --only order",
  );
});
