import { connectRabbitmq } from "../../kit/rabbitmq.js";
import { within } from "../../kit/within.js";
import type { RabbitBroker } from "./rabbit-broker.js";

type Connection = Awaited<ReturnType<typeof connectRabbitmq>>;
export type Channel = Awaited<ReturnType<Connection["createChannel"]>>;
export type Message = NonNullable<Parameters<Parameters<Channel["consume"]>[1]>[0]>;

/** One connection with one channel, from its opening to its end. */
export interface RabbitSession {
  readonly channel: Channel;
  /** Aborted when either is gone: nothing comes any more. */
  readonly ended: AbortSignal;
  /** A channel of its own, closed after the work. */
  withChannel<T>(work: (channel: Channel) => Promise<T>): Promise<T>;
  /** Says good-bye, for a second at most. */
  close(): Promise<void>;
  /** At once. */
  destroy(): void;
}

const connectTimeoutMs = 3_000;
const closeTimeoutMs = 1_000;

/**
 * @param stop ends the attempt; an open session stays, so that its owner can tidy up.
 * @throws what client or broker say
 */
export async function openRabbitSession(broker: RabbitBroker, stop: AbortSignal): Promise<RabbitSession> {
  const ended = new AbortController();
  const end = () => ended.abort();
  stop.throwIfAborted();
  stop.addEventListener("abort", end);
  const connection = await connectRabbitmq({
    ...broker,
    timeoutMs: connectTimeoutMs,
    connectionName: "mybroker tail",
    signal: ended.signal,
  }).finally(() => stop.removeEventListener("abort", end));
  connection.once("close", end);
  const openChannel = async () => {
    const channel = await connection.createChannel();
    // Without a listener it would end the process.
    channel.on("error", () => {});
    return channel;
  };
  try {
    const channel = await within(openChannel(), connectTimeoutMs);
    channel.once("close", end);
    return {
      channel,
      ended: ended.signal,
      withChannel: async (work) => {
        const own = await openChannel();
        try {
          return await work(own);
        } finally {
          await own.close().catch(() => {});
        }
      },
      close: async () => {
        await within(connection.close(), closeTimeoutMs).catch(() => {});
        end();
      },
      destroy: end,
    };
  } catch (error) {
    end();
    throw error;
  }
}
