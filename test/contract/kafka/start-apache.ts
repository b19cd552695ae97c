import { type ComposeStack, prepareComposeStack } from "../../support/compose-stack.js";
import { waitForBroker } from "./wait-for-broker.js";
import type { ContractBroker } from "./world.js";

/** Kafka of docker-compose.yml alone, under a project name of its own. */
export async function startApacheKafka(project: string): Promise<ContractBroker & { stack: ComposeStack }> {
  const stack = await prepareComposeStack(project);
  const { host, port } = stack.target("kafka");
  const broker = `${host}:${port}`;
  await stack.compose("up", "-d", "kafka");
  await waitForBroker(broker);
  return {
    stack,
    brokers: [broker],
    restart: async () => {
      await stack.compose("restart", "kafka");
      await waitForBroker(broker);
    },
    close: () => stack.remove(),
  };
}
