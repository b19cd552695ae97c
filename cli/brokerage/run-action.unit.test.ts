import { describe, expect, it } from "vitest";
import type { CommandRequest } from "../kernel/command.js";
import { readId, runAction } from "./run-action.js";

/** Refused before anything else of a request is looked at. */
const typed = (...args: string[]) => ({ command: "order", args }) as unknown as CommandRequest;
const actions = { list: async () => ({ data: null }), show: async () => ({ data: null }) };

describe("the action of a command", () => {
  it("is not list with something that it would ignore", async () => {
    const run = runAction(typed("list", "PETR4"), actions, ["list"]);
    await expect(run).rejects.toMatchObject({
      code: "usage.too-many-arguments",
      message: 'order list takes nothing else, and there is "PETR4"',
      exitCode: 2,
    });
  });

  it.each(["bye", "__proto__", ""])("is one that there is, not %j", async (word) => {
    const run = runAction(typed(word), actions, ["list"]);
    await expect(run).rejects.toMatchObject({
      code: "usage.unknown-action",
      hint: "There are:  {mybroker} order list|show",
      exitCode: 2,
    });
  });
});

describe("the id behind an action", () => {
  it.each([["show"], ["show", ""]])("is there: %j", (...words) => {
    expect(() => readId(typed(...words))).toThrow("order show needs an id");
  });
});
