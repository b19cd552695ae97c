import { expect, it } from "vitest";
import { mask } from "../kernel/mask.js";
import { createMask } from "./mask-changes.js";

const secret = "value-not-a-secret";
const hide = createMask(["DB_PASSWORD", "PIN"], { DB_PASSWORD: secret, PIN: "123" });
const hidden = { before: mask, after: mask };

it("hides both sides of a change whose key is a secret's, is named like one, or that holds a secret's value", () => {
  const plain = { before: "old", after: "new" };
  expect(hide({ key: "environment.DB_PASSWORD", ...plain })).toMatchObject(hidden);
  expect(hide({ key: "environment.THEIR_API_KEY", ...plain })).toMatchObject(hidden);
  // The value that no file has any more stands on the other side of today's.
  expect(hide({ key: "command", before: `--password ${secret}`, after: "none" })).toMatchObject(hidden);
  expect(hide({ key: "command", before: "none", after: `--password ${secret}` })).toMatchObject(hidden);
});

it("shows what has nothing to do with a secret, and says nothing of a side that is not there", () => {
  const port = { key: "ports.123/tcp", before: "123", after: "124" };
  expect(hide(port)).toEqual(port);
  const level = { key: "environment.LOG_LEVEL", after: "debug" };
  expect(hide(level)).toEqual(level);
  expect(hide({ key: "environment.DB_PASSWORD", after: "new" })).toEqual({
    key: "environment.DB_PASSWORD",
    after: mask,
  });
});
