import { afterAll, beforeAll } from "vitest";
import { deadLetterTopic, topics } from "../../../contracts/topology.js";
import { createKafka } from "../../../kit/kafka.js";
import { type ComposeStack, prepareComposeStack } from "../../support/compose-stack.js";
import { waitForBroker } from "../kafka/wait-for-broker.js";
import { describeKafkaLink } from "./kafka-suite.js";
import { describeRabbitmqLink } from "./rabbitmq-suite.js";

let stack: ComposeStack;
beforeAll(async () => {
  stack = await prepareComposeStack(`messaging${process.pid}`);
  await stack.compose("up", "-d", "--wait", "rabbitmq", "kafka");
});
afterAll(() => stack?.remove());

describeRabbitmqLink("RabbitMQ", async () => {
  const { host, port, user = "", password = "" } = stack.target("rabbitmq");
  return {
    ...{ host, port, user, password },
    close: async () => {},
    restart: async () => {
      await stack.compose("restart", "rabbitmq");
      await stack.compose("up", "-d", "--wait", "rabbitmq");
    },
  };
});

/** One server for all tests, without the topics of the one before. */
describeKafkaLink("Apache Kafka", async () => {
  const { host, port } = stack.target("kafka");
  const address = `${host}:${port}`;
  const kafka = await createKafka({ clientId: "reset", brokers: [address], timeoutMs: 10_000, retries: 5 });
  const admin = kafka.admin();
  await admin.connect();
  const ours = topics.flatMap(({ name }) => [name, deadLetterTopic(name)]);
  const known = (await admin.listTopics()).filter((topic) => ours.includes(topic));
  if (known.length > 0) await admin.deleteTopics({ topics: known });
  await admin.disconnect();
  return {
    address,
    stop: () => stack.compose("stop", "kafka").then(() => {}),
    start: async () => {
      await stack.compose("start", "kafka");
      await waitForBroker(address);
    },
    close: async () => {},
  };
});
