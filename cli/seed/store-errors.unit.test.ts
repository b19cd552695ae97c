import { expect, it } from "vitest";
import { explainStoreError, isMissingTable, isStoreDown } from "./store-errors.js";

const store = { store: "broker-wallet-db", owner: "broker-wallet" };
const make = (message: string, facts: object = {}) => Object.assign(new Error(message), facts);

it.each([
  ["ER_ACCESS_DENIED_ERROR", make("Access denied", { code: "ER_ACCESS_DENIED_ERROR" }), "seed.login-refused"],
  ["28P01", make("password authentication failed", { code: "28P01" }), "seed.login-refused"],
  ["WRONGPASS", make("WRONGPASS invalid username-password pair"), "seed.login-refused"],
  ["MongoDB's 18", make("Authentication failed.", { code: 18 }), "seed.login-refused"],
  ["53100", make("could not extend file", { code: "53100" }), "seed.disk-full"],
  ["1114", make("The table is full", { code: "ER_RECORD_FILE_FULL", errno: 1114 }), "seed.disk-full"],
  ["ENOSPC", make("x.sqlite cannot grow: the disk is full", { code: "ENOSPC" }), "seed.disk-full"],
  ["OOM", make("OOM command not allowed when used memory > 'maxmemory'."), "seed.disk-full"],
  ["1062", make("Duplicate entry", { code: "BULK_REFUSED", errno: 1062 }), "seed.key-taken"],
  ["23505", make("duplicate key value", { code: "23505" }), "seed.key-taken"],
  ["1146", make("Table 'x.orders' doesn't exist", { code: "ER_NO_SUCH_TABLE" }), "seed.no-schema"],
  ["a busy file", make("database is locked", { rawCode: 5 }), "seed.store-busy"],
  ["ECONNREFUSED", make("connect ECONNREFUSED", { code: "ECONNREFUSED" }), "seed.store-down"],
])("says of %s which store it is and what to type", (_, error, code) => {
  expect(explainStoreError(error, store)).toMatchObject({
    code,
    message: expect.stringContaining("broker-wallet-db"),
    hint: expect.stringContaining("{mybroker}"),
    details: expect.objectContaining(
      code === "seed.store-down" ? { stores: ["broker-wallet-db"] } : { store: "broker-wallet-db" },
    ),
  });
});

it("leaves what it does not know as it came, and tells silence from a refusal", () => {
  const bug = new TypeError("x is not a function");
  expect(explainStoreError(bug, store)).toBe(bug);
  expect(isStoreDown(make("connect ECONNREFUSED", { code: "ECONNREFUSED" }))).toBe(true);
  expect(isStoreDown(make("Access denied", { code: "ER_ACCESS_DENIED_ERROR" }))).toBe(false);
  expect(isMissingTable(make("no such table: orders"))).toBe(true);
});
