import { messageHeaders } from "../../../contracts/message-headers.js";
import { connectRabbitmq, type RabbitmqSettings } from "../../../kit/rabbitmq.js";
import { makeId } from "../make-id.js";

export type Connection = Awaited<ReturnType<typeof connectRabbitmq>>;
type ConfirmChannel = Awaited<ReturnType<Connection["createConfirmChannel"]>>;

/** As it goes over the wire. */
export interface Envelope {
  readonly exchange: string;
  readonly routingKey: string;
  readonly messageId: string | undefined;
  readonly content: Buffer;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** One connection, from its opening to its end. */
export interface Session {
  readonly connection: Connection;
  /** Aborted when the connection is gone. */
  readonly ended: AbortSignal;
  /** Persistent, mandatory, confirmed. */
  publish(envelope: Envelope): Promise<void>;
  /** At once, whatever it is doing. */
  destroy(): void;
}

const confirmTimeoutMs = 10_000;

/** @throws the client's error where the broker does not answer in time, or refuses the login */
export async function openSession(settings: Omit<RabbitmqSettings, "signal">): Promise<Session> {
  const socket = new AbortController();
  const ended = new AbortController();
  const destroy = () => socket.abort();
  const connection = await connectRabbitmq({ ...settings, signal: socket.signal });
  connection.on("close", () => ended.abort());
  let blocked = false;
  connection.on("blocked", () => {
    blocked = true;
  });
  connection.on("unblocked", () => {
    blocked = false;
  });
  try {
    const channel = await connection.createConfirmChannel();
    // Without a listener it would end the process; what was published fails by "close".
    channel.on("error", () => {});
    channel.once("close", destroy);
    const publish = createPublisher(channel, destroy);
    return {
      connection,
      ended: ended.signal,
      destroy,
      publish: async (envelope) => {
        if (ended.signal.aborted) throw new Error("RabbitMQ is not connected");
        // What is written now would wait in memory, and be sent again by who asks a second time.
        if (blocked) throw new Error("RabbitMQ takes no messages: it is low on memory or disk");
        await publish(envelope);
      },
    };
  } catch (error) {
    destroy();
    throw error;
  }
}

function createPublisher(channel: ConfirmChannel, destroy: () => void): Session["publish"] {
  // A message that is returned is confirmed as well, and later.
  const returned: unknown[] = [];
  channel.on("return", ({ properties }) => returned.push(properties.messageId));
  return ({ exchange, routingKey, messageId = makeId(), content, headers }) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`RabbitMQ did not confirm a message in ${confirmTimeoutMs / 1_000} s`));
        destroy();
      }, confirmTimeoutMs);
      const options = {
        persistent: true,
        mandatory: true,
        contentType: "application/json",
        messageId,
        headers: { ...headers, [messageHeaders.publishedAt]: Date.now() },
      };
      const settle = (error: unknown) => {
        clearTimeout(timer);
        const place = returned.indexOf(messageId);
        if (place >= 0) returned.splice(place, 1);
        if (error) reject(error);
        else if (place >= 0) reject(new Error(`no queue takes ${routingKey} of ${exchange}`));
        else resolve();
      };
      try {
        channel.publish(exchange, routingKey, content, options, settle);
      } catch (error) {
        settle(error);
      }
    });
}
