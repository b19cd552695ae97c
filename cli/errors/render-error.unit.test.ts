import { describe, expect, it } from "vitest";
import { fitLines } from "./fit-lines.js";
import { exitCodes, MybrokerError } from "./mybroker-error.js";
import { renderError } from "./render-error.js";

describe("an error on the screen", () => {
  it.each(["usage.invalid-value", "user.unknown"])("moves no cursor by what was typed: %s", (code) => {
    const error = new MybrokerError({
      code,
      message: "no such thing: A\u001b[31m\r\u009bB",
      hint: "{mybroker} user add \u0007A",
      exitCode: exitCodes.usage,
    });
    const text = renderError(error, "mybroker", false).join("\n");
    expect(text).toContain("A\ufffd[31m\ufffd\ufffdB");
    expect(text).toContain("mybroker user add \ufffdA");
  });

  it("fits a narrow terminal: broken at words below each other, a command whole", () => {
    const error = new MybrokerError({
      code: "project.absent",
      message: "no compose file in /home/ana or in a folder above it",
      hint: "go to the project's folder, or make one here:  {mybroker} init my-lab --ports auto --force --yes",
      exitCode: exitCodes.usage,
    });
    expect(fitLines(renderError(error, "mybroker", false), 40)).toEqual([
      "✖ no compose file in /home/ana or in a",
      "  folder above it",
      "  Do      go to the project's folder, or",
      "          make one here:",
      "          mybroker init my-lab --ports auto --force --yes",
    ]);
  });
});
