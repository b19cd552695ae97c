import { lookUpCredential } from "../compose/credentials.js";
import { publishedPort } from "../compose/host-addresses.js";
import type { Project, Service } from "../compose/model.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { Tap } from "./choose-streams.js";
import type { RabbitBroker } from "./rabbit-broker.js";
import { takeWays } from "./some-ways.js";
import type { StreamSource } from "./source.js";

/** Where the brokers of a project are reached. */
export interface Reach {
  readonly project: Project;
  /** At which published ports answer. */
  readonly host: string;
  /** The embedded runtime's control socket, where that is what runs. */
  readonly socketPath?: string;
  /** ProjectState.folder; undefined where this machine has no place for it. */
  readonly stateFolder: string | undefined;
}

/** A source for each tap; nothing is connected yet, and a broker's client is loaded only where one is tapped. */
export async function openStreams(taps: readonly Tap[], reach: Reach): Promise<StreamSource[]> {
  return Promise.all(taps.map((tap) => openTap(tap, reach)));
}

async function openTap(tap: Tap, reach: Reach): Promise<StreamSource> {
  if (tap.kind === "topics") {
    const { openKafkaTopics } = await import("./kafka-source.js");
    const brokers = [`${reach.host}:${portOf(reach.project, tap.service)}`];
    return openKafkaTopics({ brokers, topics: tap.topics });
  }
  const { openFirehose, openRabbitStream, openRabbitTap } = await import("./rabbit-source.js");
  const broker = rabbitBrokerOf(tap.service, reach);
  if (tap.kind === "stream") {
    const source = openRabbitStream({ broker, queue: tap.queue });
    return tap.ways === undefined ? source : takeWays(source, tap.ways);
  }
  if (tap.kind === "firehose") {
    if (reach.stateFolder === undefined) throw noStateFolder();
    return openFirehose({ broker, stateFolder: reach.stateFolder });
  }
  const { name, what } = tap;
  return openRabbitTap({ broker, name, ...(what === undefined ? {} : { what }) });
}

/** How a RabbitMQ of the compose file is reached, with the login of .env. */
export function rabbitBrokerOf(name: string, { project, host, socketPath }: Reach): RabbitBroker {
  const service = serviceOf(project, name);
  const { credentials, uiPort } = service["x-mybroker"] ?? {};
  const user = lookUpCredential(project, credentials?.user) || "guest";
  const password = lookUpCredential(project, credentials?.password) || "guest";
  const port = uiPort === undefined ? undefined : publishedPort(service, uiPort);
  const overHttp = port === undefined ? undefined : { host, port: Number(port), user, password };
  const management = socketPath === undefined ? overHttp : { socketPath, service: name };
  return {
    name,
    host,
    port: portOf(project, name),
    user,
    password,
    ...(management === undefined ? {} : { management }),
  };
}

/** The published port of a service. @throws MybrokerError tail.no-port, exit 2 */
export function portOf(project: Project, name: string): number {
  const service = serviceOf(project, name);
  const port = publishedPort(service, service["x-mybroker"]?.port ?? 0);
  if (port !== undefined) return Number(port);
  throw new MybrokerError({
    code: "tail.no-port",
    message: `${name} publishes no port of its own in the compose file, so nothing outside can listen to it`,
    hint: `give it one under ports:, then  {mybroker} up ${name}`,
    exitCode: exitCodes.usage,
  });
}

function serviceOf({ services }: Project, name: string): Service {
  return services[name] ?? { command: null, entrypoint: null };
}

function noStateFolder(): MybrokerError {
  return new MybrokerError({
    code: "tail.no-state-folder",
    message: "--firehose changes a setting of RabbitMQ and has no folder to remember it in: HOME is not set",
    hint: "export HOME=/home/you, or XDG_STATE_HOME",
    exitCode: exitCodes.machine,
  });
}
