import { expect, it } from "vitest";
import { Findings } from "./finding.js";
import { judgeUser, type UserGroup } from "./judge-user.js";
import type { LedgerRow } from "./sources.js";

/** One who took more out than was there, in books that agree with each other. */
function judge(amount: number): string[] {
  const line = {
    ...{ user_id: "u", sequence: 1, transaction_type: "WITHDRAWAL", amount, balance_after: amount },
    ...{ blocked_balance_after: 0, quantity: null, ticker: null, order_id: null, execution_id: null },
  } as unknown as LedgerRow;
  const none = { positions: [], held: [], owners: [], reports: [] };
  const account = { user_id: "u", available: amount, blocked: 0, sequence: 1 };
  const group = { ...none, users: [{}], accounts: [account], ledger: [line] } as unknown as UserGroup;
  const findings = new Findings();
  judgeUser("u", group, findings);
  return findings.list.filter(({ rule }) => rule === "negative").map(({ key, what }) => `${key} ${what}`);
}

it("says of a balance below zero that it is, however well the books agree on it", () => {
  expect(judge(-1)).toEqual(["u 1 a balance is below zero"]);
  expect(judge(0)).toEqual([]);
});
