import { afterAll, beforeAll } from "vitest";
import { type ComposeStack, prepareComposeStack } from "../../../test/support/compose-stack.js";
import { describeLedger } from "../testing/ledger-suite.js";

const service = "broker-wallet-db";
let stack: ComposeStack;

beforeAll(async () => {
  stack = await prepareComposeStack(`mybroker-wallet-${process.pid}`);
  await stack.compose("up", "--detach", "--wait", service);
});
afterAll(() => stack?.remove());

describeLedger("mysql", () => {
  const { host, port, user = "", password = "", database = "" } = stack.target(service);
  return { kind: "mysql", host, port, user, password, database };
});
