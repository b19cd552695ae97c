import { Channel } from "../channel/channel.js";
import type { ChannelHost } from "../channel/channel-host.js";
import { QueueRefusal } from "../queues/queue.js";
import { AmqpError, type ReplyCode } from "../wire/amqp-error.js";
import { type Frame, frameTypes } from "../wire/frame-reader.js";
import { methodFrame } from "../wire/frame-writer.js";
import { decodeMethod, type MethodArguments, type MethodName, methodIds } from "../wire/method-codec.js";

interface ChannelTableOptions {
  readonly host: ChannelHost;
  channelMax(): number;
  /** A publish came, the first frame of it. */
  onPublish(): void;
  /** What ends the whole connection, and the method that it came of. */
  onError(thrown: unknown, method: MethodName | undefined): void;
}

const refusalCodes: Readonly<Record<QueueRefusal["code"], ReplyCode>> = {
  ACCESS_REFUSED: 403,
  PRECONDITION_FAILED: 406,
  NOT_IMPLEMENTED: 540,
};

const channelOpen = idOf("channel.open");
const channelClose = idOf("channel.close");
const basicPublish = idOf("basic.publish");

function idOf(name: MethodName): number {
  const { classId, methodId } = methodIds(name);
  return classId * 65536 + methodId;
}

/** The channels of a connection: opens them, hands them their frames, and ends them with what they did wrong. */
export class ChannelTable {
  readonly #options: ChannelTableOptions;
  readonly #channels = new Map<number, Channel>();
  /** Channels that the broker closed: what comes for them is ignored until close-ok. */
  readonly #closing = new Set<number>();

  constructor(options: ChannelTableOptions) {
    this.#options = options;
  }

  receive(frame: Frame): void | Promise<void> {
    const channel = this.#channels.get(frame.channel);
    if (channel === undefined) return this.#receiveForNone(frame);
    if (frame.type === frameTypes.method) return this.#receiveForChannel(channel, frame);
    return this.#guard(channel, () => channel.receive(frame));
  }

  resumeConsumers(): void {
    for (const channel of this.#channels.values()) channel.resumeConsumers();
  }

  async close(): Promise<void> {
    for (const channel of this.#channels.values()) await channel.close();
    this.#channels.clear();
  }

  /** A frame of a channel that is not open. */
  #receiveForNone(frame: Frame): void {
    if (frame.type !== frameTypes.method && this.#closing.has(frame.channel)) return;
    if (frame.type !== frameTypes.method) throw new AmqpError(504, "expected 'channel.open'");
    const method = decodeMethod(frame.payload);
    if (this.#closing.has(frame.channel)) {
      if (method.name === "channel.close")
        this.#options.host.send(methodFrame(frame.channel, "channel.close-ok", {}));
      if (method.name === "channel.close-ok") this.#closing.delete(frame.channel);
      return;
    }
    // RabbitMQ lets these two pass: an error of the broker and a close of the client may have crossed.
    if (method.name === "channel.close-ok") return;
    if (method.name === "channel.close") {
      this.#options.host.send(methodFrame(frame.channel, "channel.close-ok", {}));
      return;
    }
    if (method.name !== "channel.open") throw new AmqpError(504, "expected 'channel.open'");
    if (frame.channel > this.#options.channelMax()) {
      throw new AmqpError(530, `channel ${frame.channel} is above the negotiated channel_max`);
    }
    this.#channels.set(frame.channel, new Channel(frame.channel, this.#options.host));
    this.#options.host.send(methodFrame(frame.channel, "channel.open-ok", {}));
  }

  #receiveForChannel(channel: Channel, frame: Frame): void | Promise<void> {
    const ids = frame.payload.length >= 4 ? frame.payload.readUInt32BE(0) : 0;
    if (ids === channelClose) return this.#closeChannel(channel);
    if (ids === channelOpen) throw new AmqpError(504, "second 'channel.open' seen");
    const pending = this.#guard(channel, () => channel.receive(frame));
    if (ids === basicPublish) this.#options.onPublish();
    return pending;
  }

  async #closeChannel(channel: Channel): Promise<void> {
    this.#channels.delete(channel.number);
    await channel.close();
    this.#options.host.send(methodFrame(channel.number, "channel.close-ok", {}));
  }

  /** Channel errors end the channel, the others are thrown on. */
  #guard(channel: Channel, action: () => void | Promise<void>): void | Promise<void> {
    const failed = (thrown: unknown): Promise<void> => {
      const error = asAmqpError(thrown);
      if (error === undefined || error.endsConnection) {
        this.#options.onError(thrown, channel.currentMethod);
        return Promise.resolve();
      }
      this.#channels.delete(channel.number);
      this.#closing.add(channel.number);
      const close = closeArguments(error, channel.currentMethod);
      this.#options.host.send(methodFrame(channel.number, "channel.close", close));
      return channel.close();
    };
    try {
      return action()?.catch(failed);
    } catch (error) {
      return failed(error);
    }
  }
}

/** Also of what a queue refuses; undefined for what nobody foresaw. */
export function asAmqpError(thrown: unknown): AmqpError | undefined {
  if (thrown instanceof QueueRefusal) return new AmqpError(refusalCodes[thrown.code], thrown.message);
  return thrown instanceof AmqpError ? thrown : undefined;
}

export function closeArguments(
  error: AmqpError,
  method: MethodName | undefined,
): MethodArguments<"connection.close"> {
  // A short string, cut by bytes: names in it may be long, and not ASCII.
  const replyText = Buffer.from(error.message).subarray(0, 250).toString("utf8");
  return { replyCode: error.code, replyText, ...methodIds(method) };
}
