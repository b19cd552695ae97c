import { prepareComposeStack } from "../../support/compose-stack.js";
import { describeKafkaContract } from "./contract.js";
import { waitForBroker } from "./wait-for-broker.js";

describeKafkaContract("Apache Kafka on the engine", async () => {
  const stack = await prepareComposeStack(`kafkacontract${process.pid}`);
  const { host, port } = stack.target("kafka");
  const broker = `${host}:${port}`;
  await stack.compose("up", "-d", "kafka");
  await waitForBroker(broker);
  return {
    brokers: [broker],
    restart: async () => {
      await stack.compose("restart", "kafka");
      await waitForBroker(broker);
    },
    close: () => stack.remove(),
  };
});
