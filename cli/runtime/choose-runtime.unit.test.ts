import { describe, expect, it } from "vitest";
import { MybrokerError } from "../errors/mybroker-error.js";
import { chooseRuntime, type RuntimeFacts } from "./choose-runtime.js";

const failures = ["engine.absent", "engine.not-running", "engine.forbidden", "engine.too-old", "engine.hung"];

function failure(code = "engine.absent"): MybrokerError {
  return new MybrokerError({ code, message: `no: ${code}`, hint: "mend it", exitCode: 3 });
}

function choose(facts: Partial<RuntimeFacts>) {
  return chooseRuntime({
    asked: undefined,
    recorded: undefined,
    dockerData: false,
    embeddable: true,
    dockerFailure: undefined,
    ...facts,
  });
}

describe("chooseRuntime", () => {
  it.each([undefined, "docker"] as const)("takes Docker where it can, recorded: %s", (recorded) => {
    expect(choose({ recorded })).toEqual({ runtime: "docker" });
  });

  it.each([...failures, "images.unavailable"])("runs a first time embedded on %s, and says why", (code) => {
    const dockerFailure = failure(code);
    expect(choose({ dockerFailure })).toEqual({ runtime: "embedded", because: dockerFailure });
  });

  it.each([undefined, failure()])("stays embedded without a word, Docker's failure: %s", (dockerFailure) => {
    expect(choose({ recorded: "embedded", dockerFailure })).toEqual({ runtime: "embedded" });
  });

  it.each(
    failures.flatMap((code) => [
      [code, { recorded: "docker" }] as const,
      [code, { dockerData: true }] as const,
    ]),
  )("refuses a Docker project on %s (%o), with the cause, its fix and the way out", (code, facts) => {
    const choice = choose({ ...facts, dockerFailure: failure(code) });
    expect(choice).toMatchObject({
      runtime: "none",
      refusal: { code, message: `no: ${code}`, hint: "mend it", exitCode: 3 },
    });
    const { refusal } = choice as { refusal: MybrokerError };
    expect(refusal.lines.join("\n")).toContain("{mybroker} up --runtime embedded");
  });

  it.each([{}, { recorded: "docker" }, { recorded: "embedded" }, { dockerData: true }] as const)(
    "never falls back where Docker was asked for: %o",
    (facts) => {
      const dockerFailure = failure();
      expect(choose({ ...facts, asked: "docker", dockerFailure })).toEqual({
        runtime: "none",
        refusal: dockerFailure,
      });
      expect(choose({ ...facts, asked: "docker" })).toEqual({ runtime: "docker" });
    },
  );

  it.each([{}, { recorded: "docker" }, { dockerData: true }, { dockerFailure: failure() }] as const)(
    "runs embedded where that was asked for: %o",
    (facts) => {
      expect(choose({ ...facts, asked: "embedded" })).toEqual({ runtime: "embedded" });
    },
  );

  it("has nothing to run embedded of a project without brokers and stores", () => {
    const dockerFailure = failure();
    expect(choose({ embeddable: false, dockerFailure })).toEqual({ runtime: "none", refusal: dockerFailure });
  });
});
