import { describe, expect, it } from "vitest";
import { refused } from "./rest.js";

describe("what helps against a refusal", () => {
  it.each([
    [422, "NO_FUNDS", "http://h/api/v1/wallets/me/withdraw", "wallet show"],
    [409, "EMAIL_TAKEN", "http://h/api/v1/auth/register", "user list"],
    [404, "NOT_FOUND", "http://h/api/v1/orders/abc", "order list"],
    [404, "NOT_FOUND", "http://h/book/ZZZZ9", "book PETR4"],
    [503, "STORE_UNAVAILABLE", "http://h/api/v1/orders/abc", "ps"],
  ])("of %i %s at %s is %s", (status, code, url, hint) => {
    expect(refused(status, { code, title: "No." }, url).hint).toContain(`{mybroker} ${hint}`);
  });
});
