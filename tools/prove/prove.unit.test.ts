import { describe, expect, it } from "vitest";

// The proof is plain JavaScript, so that it runs without a build step; without declarations it is any here.
const load = (name: string) => import(new URL(name, import.meta.url).href);
const { CannotRun, exitCodeOf, judge } = await load("./judge.mjs");
const { renderPage, renderTable } = await load("./page.mjs");
const { readReport } = await load("./run-tests.mjs");

const here = { engine: {}, signal: new AbortController().signal };
const claim = (run: () => unknown, more: object = {}) => ({ id: "one", text: "it holds", run, ...more });
const judged = async (run: () => unknown, more = {}, context: object = here) => {
  const { verdict, figure, evidence } = await judge(claim(run, more), context);
  return { verdict, figure, evidence };
};

describe("a claim", () => {
  it("passes where it says so, with its figure", async () => {
    const result = await judge(
      claim(async () => ({ passed: true, figure: "12 of 12", evidence: ["seen"] })),
      here,
    );
    expect(result).toEqual({
      ...{ id: "one", text: "it holds", verdict: "pass", figure: "12 of 12", evidence: ["seen"], seconds: 0 },
    });
  });

  it.each([
    ["false", { passed: false, figure: "11 of 12" }, "11 of 12"],
    ["nothing", { figure: "11 of 12" }, "11 of 12"],
    ["something true", { passed: 12, figure: "12" }, "12"],
    ["true without a figure", { passed: true, figure: "" }, "it gave no figure"],
  ])("fails where it says %s", async (_, told, figure) => {
    expect(await judged(async () => told)).toEqual({ verdict: "fail", figure, evidence: [] });
  });

  it("fails by what it throws", async () => {
    const run = () => {
      throw new Error("no such table\n\n  at line 3");
    };
    expect(await judged(run)).toEqual({
      verdict: "fail",
      figure: "no such table",
      evidence: ["  at line 3"],
    });
    expect(await judged(() => Promise.reject("text"))).toMatchObject({ verdict: "fail", figure: "text" });
  });

  it("has not run where it cannot, and says why", async () => {
    const run = () => {
      throw new CannotRun("only root can");
    };
    expect(await judged(run)).toMatchObject({ verdict: "not run", figure: "only root can" });
  });

  it("is not even begun without the engine that it needs", async () => {
    const context = { ...here, engine: { missing: "no engine answers" } };
    const run = () => expect.unreachable();
    expect(await judged(run, { needsEngine: true }, context)).toMatchObject({
      verdict: "not run",
      figure: "no engine answers",
    });
    expect(await judged(async () => ({ passed: true, figure: "1" }), {}, context)).toMatchObject({
      verdict: "pass",
    });
  });

  it("fails where it takes too long, and has not run where it was interrupted", async () => {
    const untilAborted = ({ signal }: { signal: AbortSignal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const slow = claim(untilAborted as never, { limitMinutes: 0.001 });
    expect(await judge(slow, here)).toMatchObject({ verdict: "fail", figure: "not done after 0.001 min" });
    const interrupted = new AbortController();
    const judging = judge(claim(untilAborted as never), { ...here, signal: interrupted.signal });
    interrupted.abort();
    expect(await judging).toMatchObject({ verdict: "not run", figure: "interrupted" });
  });
});

describe("the exit code", () => {
  const exitCode = (...verdicts: string[]) => exitCodeOf(verdicts.map((verdict) => ({ verdict })));

  it.each([
    [0, ["pass"]],
    [0, ["pass", "not run"]],
    [1, ["pass", "fail"]],
    [1, ["pass", "not run", "fail"]],
    [1, ["not run"]],
    [1, []],
  ])("is %i of %j", (code, verdicts) => {
    expect(exitCode(...verdicts)).toBe(code);
  });
});

const result = (id: string, more: object = {}) => ({
  ...{ id, text: `claim ${id}`, verdict: "pass", figure: "1 of 1", evidence: ["seen"], seconds: 3, ...more },
});

describe("the table", () => {
  it("shows what did not run as that, without a figure", () => {
    const rows = renderTable(
      [
        result("a"),
        result("b", { verdict: "fail", figure: "0 of 1 | none" }),
        result("c", { verdict: "not run", figure: "no engine answers" }),
      ],
      "2026-01-02",
    ).split("\n");
    expect(rows.slice(2)).toEqual([
      "| claim a | 1 of 1 | pass | 2026-01-02, 3 s |",
      "| claim b | 0 of 1 \\| none | **fail** | 2026-01-02, 3 s |",
      "| claim c | - | not run: no engine answers | 2026-01-02, 3 s |",
    ]);
  });
});

describe("the page", () => {
  const claims = ["a", "b"].map((id) => ({ id, text: `claim ${id}` }));
  const render = (results: object[], date: string, page = "") =>
    renderPage({
      ...{ claims, date, page },
      results: results.map((one) => ({ ...one, machine: `A machine on ${date}.` })),
    });

  it("has a row and a section for each, and of the unasked what an earlier run found", () => {
    const first = render([result("a"), result("b", { evidence: ["first b"] })], "day 1");
    const second = render([result("a", { verdict: "fail", figure: "gone" })], "day 2", first);
    expect(second).toContain(
      "| claim a | gone | **fail** | day 2, 3 s |\n| claim b | 1 of 1 | pass | day 1, 3 s |",
    );
    expect(second).toMatch(
      /## a\n\nclaim a\. A machine on day 2\.\n\n- seen\n\n## b\n\nclaim b\. A machine on day 1\.\n\n- first b\n$/,
    );
    expect(second).not.toMatch(/\n\n\n/);
    expect(render([], "day 3", second)).toBe(second);
  });

  it("says of what no run has shown that it did not run", () => {
    expect(render([result("b")], "day 1")).toContain("| claim a | - | not run: not asked for | - |");
  });
});

describe("a report of tests", () => {
  const test = (fullName: string, status: string, more: object = {}) => ({
    ...{ fullName, ancestorTitles: ["kcat"], status, failureMessages: [], meta: {}, ...more },
  });
  const report = (assertionResults: object[], more: object = {}) =>
    JSON.stringify({ testResults: [{ status: "passed", message: "", assertionResults, ...more }] });

  it("counts, gathers figures and names failures", () => {
    const text = report([
      test("one", "passed", { meta: { figures: { orders: 3 } } }),
      test("two", "failed", { failureMessages: ["\nexpected 1\n  at x"], meta: { figures: { held: "1" } } }),
      test("three", "pending"),
    ]);
    expect(readReport(text)).toMatchObject({
      ...{ passed: 1, failed: 1, skipped: 1, figures: { orders: 3, held: "1" } },
      failures: ["failed: two: expected 1"],
    });
  });

  it("leaves out what was not asked for", () => {
    const text = report([test("one", "passed"), test("other", "skipped")]);
    expect(readReport(text, "on")).toMatchObject({ passed: 1, skipped: 0 });
    expect(() => readReport(text, "nobody")).toThrow('no test fits "nobody"');
  });

  it("takes a file that could not be loaded, or whose hook failed, for a failure", () => {
    const more = { status: "failed", message: "cannot load it\nat x" };
    expect(readReport(report([], more))).toMatchObject({ failed: 1, failures: ["cannot load it"] });
    const skippedByHook = readReport(report([test("one", "skipped")], more));
    expect(skippedByHook).toMatchObject({ passed: 0, failed: 1 });
  });

  it("has not run where everything was skipped", () => {
    const read = () => readReport(report([test("kcat (missing: kcat) reads", "skipped")]));
    expect(read).toThrow(CannotRun);
    expect(read).toThrow("skipped: kcat (missing: kcat) reads");
  });
});
