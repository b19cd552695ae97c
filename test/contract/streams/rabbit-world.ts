import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RabbitBroker } from "../../../cli/streams/rabbit-broker.js";
import { stack, withDefaults } from "../../../contracts/testing/stack-files.js";
import { createComponents } from "../../../embedded/host/components.js";
import { serveControl } from "../../../embedded/host/control-server.js";
import { Services } from "../../../embedded/host/services.js";
import { prepareComposeStack } from "../../support/compose-stack.js";
import { findFreePorts } from "../../support/free-ports.js";

/** A RabbitMQ with the shipped definitions, and a Kafka where one was asked for. */
export interface RabbitWorld {
  readonly broker: RabbitBroker;
  /** "host:port" */
  readonly kafka: string;
  restart(): Promise<void>;
  /** How many of them a test can wait for. */
  readonly restarts: number;
  close(): Promise<void>;
}

/** The embedded one, on the control socket of a runtime that has nothing else. */
export async function startEmbeddedRabbit(): Promise<RabbitWorld> {
  const folder = await mkdtemp(join(tmpdir(), "mybroker-streams-"));
  const socketPath = join(folder, "control.sock");
  const [port = 0, kafkaPort = 0] = await findFreePorts(2);
  const login = { user: "mybroker", password: "not-a-secret" };
  const definitions = JSON.parse(withDefaults(stack.configs["rabbitmq-definitions"]?.content ?? ""));
  const setting = {
    name: "rabbitmq",
    kind: "rabbitmq",
    port,
    ...login,
    definitions,
    start: true,
    basis: {},
  } as const;
  const write = () => {};
  const kafka = {
    name: "kafka",
    kind: "kafka",
    port: kafkaPort,
    topics: [],
    start: true,
    basis: {},
  } as const;
  const services = new Services(
    createComponents([setting, kafka], { dataFolder: folder, bundleFolder: folder, write }),
    write,
  );
  const server = await serveControl(socketPath, {
    services,
    status: () => {
      throw new Error("nobody asks");
    },
    stop: () => services.stopAll(),
    ended: () => {},
  });
  await services.startAll();
  return {
    kafka: `127.0.0.1:${kafkaPort}`,
    broker: {
      ...{ name: "rabbitmq", host: "127.0.0.1", port, ...login },
      management: { socketPath, service: "rabbitmq" },
    },
    restarts: 10,
    restart: async () => {
      await services.act("rabbitmq", "stop");
      await services.act("rabbitmq", "start");
    },
    close: async () => {
      await services.stopAll();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Those of the compose file, RabbitMQ with its management API. */
export async function startRealRabbit(...others: readonly "kafka"[]): Promise<RabbitWorld> {
  const stack = await prepareComposeStack(`streams${process.pid}`);
  await stack.compose("up", "-d", "--wait", "rabbitmq", ...others);
  const kafka = stack.target("kafka");
  const { host, port, user = "", password = "" } = stack.target("rabbitmq");
  const uiPort = Number(stack.env.get("RABBITMQ_UI_HOST_PORT"));
  return {
    kafka: `${kafka.host}:${kafka.port}`,
    broker: {
      ...{ name: "rabbitmq", host, port, user, password },
      management: { host, port: uiPort, user, password },
    },
    restarts: 2,
    restart: async () => {
      await stack.compose("restart", "rabbitmq");
      await stack.compose("up", "-d", "--wait", "rabbitmq");
    },
    close: () => stack.remove(),
  };
}
