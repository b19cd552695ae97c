import type { ConfirmChannel, ConsumeMessage } from "amqplib";
import { connectRabbitmq } from "../../../kit/rabbitmq.js";
import { account, type RuntimeProcess } from "../support/runtime-process.js";
import { waitUntil } from "../support/wait-until.js";

export interface Session {
  readonly publisher: ConfirmChannel;
  readonly consumer: ConfirmChannel;
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** undefined where the runtime is gone already. */
export async function openChannels({ ports }: RuntimeProcess): Promise<Session | undefined> {
  const settings = { host: "127.0.0.1", port: ports.rabbitmq, ...account, timeoutMs: 5000 };
  try {
    const connection = await connectRabbitmq({ ...settings, connectionName: "kill" });
    const ended = new Promise<void>((resolve) => connection.once("close", () => resolve()));
    const publisher = await connection.createConfirmChannel();
    const consumer = await connection.createConfirmChannel();
    for (const channel of [publisher, consumer]) channel.on("error", () => {});
    return { publisher, consumer, ended, close: () => connection.close() };
  } catch {
    return undefined;
  }
}

interface Numbered {
  /** Of the connection. */
  readonly ended: Promise<void>;
  readonly queue: string;
  /** So much waits in the queue that more would only make the reading longer. */
  isFull(): boolean;
  next(): number;
  bodyBytes(): number;
  confirmed(number: number): void;
}

const unconfirmedLimit = 100;

/** Persistent messages whose first four bytes are their number. Rejects when the channel has ended. */
export async function publishNumbered(channel: ConfirmChannel, to: Numbered): Promise<never> {
  let unconfirmed = 0;
  let isEnded = false;
  void to.ended.then(() => {
    isEnded = true;
  });
  for (;;) {
    if (isEnded) throw new Error("the connection has ended");
    while (unconfirmed < unconfirmedLimit && !to.isFull()) {
      const number = to.next();
      const body = Buffer.alloc(Math.max(4, to.bodyBytes()));
      body.writeUInt32BE(number);
      unconfirmed += 1;
      channel.publish("", to.queue, body, { persistent: true }, (error: unknown) => {
        unconfirmed -= 1;
        if (error === null || error === undefined) to.confirmed(number);
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** What is in the queue or stream now, which is left as it is. */
export async function readAll(
  runtime: RuntimeProcess,
  queue: string,
): Promise<{ number: number; sizeBytes: number; offset: number }[]> {
  const session = await openChannels(runtime);
  if (session === undefined) throw new Error("the runtime is gone");
  const { publisher: channel, consumer: marker } = session;
  const { messageCount } = await channel.checkQueue(queue);
  const found: { number: number; sizeBytes: number; offset: number }[] = [];
  const isStream = queue.includes("stream");
  if (isStream) await marker.prefetch(1000);
  const take = (message: ConsumeMessage | null): void => {
    if (message === null) return;
    if (isStream) marker.ack(message);
    const offset = Number(message.properties.headers?.["x-stream-offset"] ?? -1);
    found.push({ number: message.content.readUInt32BE(0), sizeBytes: message.content.length, offset });
  };
  await marker.consume(queue, take, isStream ? { arguments: { "x-stream-offset": "first" } } : {});
  try {
    await waitUntil(() => found.length >= messageCount, { what: `${messageCount} messages of ${queue}` });
    return found;
  } finally {
    await session.close();
  }
}
