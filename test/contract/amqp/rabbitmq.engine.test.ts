import { prepareComposeStack } from "../../support/compose-stack.js";
import { describeAmqpContract } from "./contract.js";

describeAmqpContract("RabbitMQ", async () => {
  const stack = await prepareComposeStack(`amqpcontract${process.pid}`);
  await stack.compose("up", "-d", "--wait", "rabbitmq");
  const { host, port, user = "", password = "" } = stack.target("rabbitmq");
  return {
    host,
    port,
    user,
    password,
    close: () => stack.remove(),
    restart: async () => {
      await stack.compose("restart", "rabbitmq");
      await stack.compose("up", "-d", "--wait", "rabbitmq");
    },
  };
});
