import { afterAll, beforeAll } from "vitest";
import { type ComposeStack, prepareComposeStack } from "../../../test/support/compose-stack.js";
import { describeOrderStore } from "../testing/store-suite.js";

const server = "broker-order-db";
let stack: ComposeStack;
beforeAll(async () => {
  stack = await prepareComposeStack(`mybroker-order-${process.pid}`);
  await stack.compose("up", "--detach", "--wait", server);
});
afterAll(async () => {
  await stack?.remove();
});

describeOrderStore("mysql", () => {
  const { host, port, user = "", password = "", database = "" } = stack.target(server);
  return { kind: "mysql", host, port, user, password, database };
});
