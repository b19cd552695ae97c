import type { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type {
  Channel,
  ChannelModel,
  ConfirmChannel,
  ConsumeMessage,
  GetMessage,
  Message,
  Options,
} from "amqplib";
import { afterEach } from "vitest";
import { connectRabbitmq } from "../../../kit/rabbitmq.js";

/** A server under contract, with the definitions of docker-compose.yml. */
export interface AmqpServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  close(): Promise<void>;
  /** Stops it and starts it again on the same data; the port may be another one. */
  restart?(): Promise<void>;
}

/** A refusal in the protocol's own way: reply code and reply text. */
export interface Refusal {
  readonly code: number;
  readonly text: string;
}

/** Opens what a test needs and closes it after the test. */
export interface Lab {
  readonly server: AmqpServer;
  connect(settings?: { readonly password?: string; readonly vhost?: string }): Promise<ChannelModel>;
  /** On a connection of its own unless one is given. */
  channel(connection?: ChannelModel): Promise<Channel>;
  confirmChannel(connection?: ChannelModel): Promise<ConfirmChannel>;
  /** Never given before, by whatever run. */
  name(kind: string): string;
}

const deadlineMs = 10_000;
const runId = `${process.pid}.${Date.now().toString(36)}`;
let named = 0;

const failures = new WeakMap<EventEmitter, Promise<Refusal>>();

export function createLab(server: () => AmqpServer): Lab {
  const connections = new Set<ChannelModel>();
  afterEach(async () => {
    // What the server closed already rejects.
    await Promise.all([...connections].map((connection) => connection.close().catch(() => {})));
    connections.clear();
  });
  const lab: Lab = {
    get server() {
      return server();
    },
    connect: async (settings = {}) => {
      const { host, port, user, password } = server();
      const login = { host, port, user, password, ...settings };
      const connection = await connectRabbitmq({
        ...login,
        timeoutMs: deadlineMs,
        connectionName: "contract",
      });
      connections.add(connection);
      return watchFailure(connection);
    },
    channel: async (connection) => watchFailure(await (connection ?? (await lab.connect())).createChannel()),
    confirmChannel: async (connection) =>
      watchFailure(await (connection ?? (await lab.connect())).createConfirmChannel()),
    name: (kind) => {
      named += 1;
      return `contract.${kind}.${runId}.${named}`;
    },
  };
  return lab;
}

function watchFailure<T extends EventEmitter>(emitter: T): T {
  failures.set(
    emitter,
    new Promise((resolve) => emitter.once("error", (error) => resolve(asRefusal(error)))),
  );
  return emitter;
}

/** With what the server closed a channel or connection that a lab opened. */
export function failureOf(emitter: EventEmitter): Promise<Refusal> {
  const failure = failures.get(emitter);
  if (failure === undefined) throw new Error("not opened by a lab");
  return within(failure, "the server to close it");
}

/** With what the server refused a call. @throws Error when it did not refuse */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  let answer: unknown;
  try {
    answer = await within(call, "an answer");
  } catch (error) {
    return asRefusal(error);
  }
  throw new Error(`accepted: ${JSON.stringify(answer)}`);
}

/** amqplib puts the reply text into its own sentence. */
function asRefusal(error: unknown): Refusal {
  const { code, message } = error as Error & { code?: number };
  return { code: code ?? 0, text: /with message "(.*)"$/s.exec(message)?.[1] ?? message };
}

/** The promise's value, or an error that says what did not come in time. */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  const ended = new AbortController();
  const late = sleep(deadlineMs, undefined, { signal: ended.signal }).then(() => {
    throw new Error(`waited ${deadlineMs} ms for ${what}`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    ended.abort();
  }
}

/** Asks until the answer is the wanted one; the last answer is in the error. */
export async function eventually<T>(ask: () => T | Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > end) throw new Error(`still ${JSON.stringify(answer)} after ${deadlineMs} ms`);
    await sleep(10);
  }
}

/** Messages of a queue that wait for a consumer, once they are as many as that. */
export async function readyCount(channel: Channel, queue: string, count: number): Promise<number> {
  const ask = async () => (await channel.checkQueue(queue)).messageCount;
  return eventually(ask, (answer) => answer === count);
}

export interface Publishing extends Options.Publish {
  /** Default: the default exchange. */
  readonly exchange?: string;
  readonly key: string;
  readonly body?: string | Buffer;
}

/** Publishes one message and waits for its confirm. */
export function publish(channel: ConfirmChannel, publishing: Publishing): Promise<"ack" | "nack"> {
  const { exchange = "", key, body = "", ...options } = publishing;
  const confirmed = new Promise<"ack" | "nack">((resolve) => {
    channel.publish(exchange, key, Buffer.from(body), options, (error) =>
      resolve(error === null || error === undefined ? "ack" : "nack"),
    );
  });
  return within(confirmed, `the confirm of ${JSON.stringify({ exchange, key })}`);
}

/** What a consumer has received. */
export interface Inbox {
  readonly tag: string;
  readonly messages: readonly ConsumeMessage[];
  /** The server has cancelled the consumer. */
  readonly cancelled: boolean;
  /** All messages, once they are as many. */
  count(count: number): Promise<readonly ConsumeMessage[]>;
}

export async function consume(channel: Channel, queue: string, options?: Options.Consume): Promise<Inbox> {
  const messages: ConsumeMessage[] = [];
  let cancelled = false;
  const { consumerTag } = await channel.consume(
    queue,
    (message) => {
      if (message === null) cancelled = true;
      else messages.push(message);
    },
    options,
  );
  return {
    tag: consumerTag,
    messages,
    get cancelled() {
      return cancelled;
    },
    count: async (count) => {
      await eventually(
        () => messages.length,
        (length) => length >= count,
      );
      return messages;
    },
  };
}

/** The next message of a queue once there is one. */
export async function getOne(channel: Channel, queue: string, options?: Options.Get): Promise<GetMessage> {
  const message = await eventually(
    () => channel.get(queue, options),
    (answer) => answer !== false,
  );
  return message as GetMessage;
}

export function bodiesOf(messages: readonly Message[]): string[] {
  return messages.map(({ content }) => content.toString());
}
