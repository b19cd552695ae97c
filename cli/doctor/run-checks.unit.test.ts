import { describe, expect, it } from "vitest";
import { MybrokerError } from "../errors/mybroker-error.js";
import { type Check, fine } from "./check.js";
import { runChecks } from "./run-checks.js";
import { makeFacts } from "./testing/make-facts.js";

const limits = { checkMs: 100, totalMs: 1_000, graceMs: 30 };

function check(id: string, run: Check["run"]): Check {
  return { id, title: `title of ${id}`, finds: [`${id}-bad`], run };
}

const silent = check("kafka.silent", () => new Promise(() => {}));
const quick = check("env.quick", async () => [fine("env.quick-bad", "x", "well")]);

describe("runChecks", () => {
  it("tells what does not answer within its time, and everything else", async () => {
    const startedMs = performance.now();
    const [late, done] = await runChecks([silent, quick], makeFacts(), limits);
    expect(performance.now() - startedMs).toBeLessThan(600);
    expect(done?.findings).toEqual([fine("env.quick-bad", "x", "well")]);
    expect(late?.findings).toMatchObject([
      { id: "kafka.no-answer", level: "unknown", fix: "{mybroker} doctor --only kafka.silent --debug" },
    ]);
    expect(late?.findings[0]?.message).toMatch(/^no answer within \d\.\d s: title of kafka\.silent$/);
  });

  it("ends all of them at the limit of all, however long one may take", async () => {
    const startedMs = performance.now();
    const slow = { ...limits, checkMs: 60_000, totalMs: 200 };
    const examined = await runChecks([silent, silent, quick], makeFacts(), slow);
    expect(performance.now() - startedMs).toBeLessThan(700);
    expect(examined.map(({ findings }) => findings[0]?.level)).toEqual(["unknown", "unknown", "ok"]);
  });

  it("takes what a check hands back when its time is over", async () => {
    const partial = check("redis.partial", async (_, signal) => {
      await new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      return [fine("redis.partial-bad", "cache", "one of two answered")];
    });
    const [examined] = await runChecks([partial], makeFacts(), limits);
    expect(examined?.findings).toMatchObject([{ level: "ok", message: "one of two answered" }]);
  });

  it("charges nobody for the time in which the process was busy with something else", async () => {
    const patient = check("mysql.patient", async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return [fine("mysql.patient-bad", "x", "well")];
    });
    const greedy = check("mongodb.greedy", async () => {
      // As loading a client library does, for longer than any check may take.
      const untilMs = performance.now() + 300;
      while (performance.now() < untilMs);
      return [];
    });
    const examined = await runChecks([patient, greedy], makeFacts(), limits);
    expect(examined[0]?.findings).toMatchObject([{ level: "ok" }]);
  });

  it("lets a check ask any number of servers", async () => {
    const warnings: string[] = [];
    const note = ({ message }: Error) => warnings.push(message);
    process.on("warning", note);
    const many = check("page.many", async (_, signal) => {
      for (let server = 0; server < 30; server += 1) signal.addEventListener("abort", () => {});
      return [];
    });
    await runChecks([many], makeFacts(), limits);
    // Warnings are given in a later turn.
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", note);
    expect(warnings).toEqual([]);
  });

  it("gives the words of an error that was made for people, and the stack of one that was not", async () => {
    const refused = new MybrokerError({ code: "a.b", message: "the engine says no", exitCode: 3 });
    const [told, bug] = await runChecks(
      [
        check("env.one", () => Promise.reject(refused)),
        check("env.two", () => Promise.reject(new TypeError("oops"))),
      ],
      makeFacts(),
      limits,
    );
    expect(told?.findings[0]?.message).toBe("could not be found out: title of env.one: the engine says no");
    expect(told?.findings[0]?.evidence).toBeUndefined();
    expect(bug?.findings[0]?.evidence?.join()).toContain("TypeError: oops");
  });
});
