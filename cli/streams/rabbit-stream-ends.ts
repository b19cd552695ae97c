import { within } from "../../kit/within.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { offsetOf, publishedMsOf } from "./rabbit-record.js";
import type { Channel, Message, RabbitSession } from "./rabbit-session.js";
import type { SourceInfo, StartAt } from "./source.js";

/** A value of x-stream-offset. */
export type Begin = "first" | "last" | number | { readonly "!": "timestamp"; readonly value: number };

/** Both undefined of an empty stream. */
export interface StreamEnds {
  readonly firstMs: number | undefined;
  readonly first: number | undefined;
  /** When the message at lastChunk was published. */
  readonly lastMs: number | undefined;
  /** Offset of the first message of the last chunk; how many more it has is not known before it was read. */
  readonly lastChunk: number | undefined;
}

/** RabbitMQ writes entries of its own into a stream, one or two a segment, which have offsets and are not delivered. */
const spareOffsets = 32;
/** The embedded broker may still be reading its file. */
const firstDeliveryMs = 1_000;

/** @throws MybrokerError rabbitmq.unknown-stream or rabbitmq.not-a-stream, exit 2 */
export async function findStreamEnds(session: RabbitSession, queue: string): Promise<StreamEnds> {
  try {
    const [first, last] = await Promise.all([
      findFrom(session, queue, "first"),
      findFrom(session, queue, "last"),
    ]);
    const timeOf = ({ properties }: Message) => publishedMsOf(properties.headers ?? {}, properties.timestamp);
    return {
      first: first && offsetOf(first),
      firstMs: first && timeOf(first),
      lastMs: last && timeOf(last),
      lastChunk: last && offsetOf(last),
    };
  } catch (error) {
    throw explain(error, queue);
  }
}

/** The first message from there on; undefined where there is none. */
export function findFrom(session: RabbitSession, queue: string, begin: Begin): Promise<Message | undefined> {
  return session.withChannel(async (channel) => {
    await channel.prefetch(1);
    let found: Message | undefined;
    let tell = () => {};
    const came = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const onMessage = (message: Message | null) => {
      found ??= message ?? undefined;
      tell();
    };
    await channel.consume(queue, onMessage, { arguments: { "x-stream-offset": begin } });
    if ((await hasMessages(channel, queue)) && found === undefined)
      await within(came, firstDeliveryMs).catch(() => {});
    return found;
  });
}

/** RabbitMQ answers after what it had to deliver on this channel, with a count that is seconds old. */
async function hasMessages(channel: Channel, queue: string): Promise<boolean> {
  return (await channel.checkQueue(queue)).messageCount > 0;
}

/** The x-stream-offset to read from. RabbitMQ finds times by the second and chunk: earlier records may come first. */
export function chooseBegin(start: StartAt, { first, lastChunk }: StreamEnds): Begin {
  if (start === "beginning" || lastChunk === undefined) return "first";
  if (start === "now") return lastChunk;
  if ("sinceMs" in start) return { "!": "timestamp", value: Math.floor(start.sinceMs / 1_000) };
  return start.last === 0 ? lastChunk : Math.max(first ?? 0, lastChunk - start.last - spareOffsets);
}

export function describeHistory({ first, firstMs, lastChunk }: StreamEnds): SourceInfo["history"] {
  if (first === undefined || lastChunk === undefined) return { records: 0 };
  return { records: lastChunk - first + 1, ...(firstMs === undefined ? {} : { fromMs: firstMs }) };
}

function explain(error: unknown, queue: string): unknown {
  const { code } = error as { code?: unknown };
  if (code !== 404 && code !== 406) return error;
  const facts =
    code === 404
      ? { code: "rabbitmq.unknown-stream", message: `RabbitMQ has no stream ${queue}` }
      : {
          code: "rabbitmq.not-a-stream",
          message: `${queue} is a queue and no stream: it has no past to read`,
        };
  return new MybrokerError({
    ...facts,
    hint:
      code === 404
        ? "see what there is:  {mybroker} tail --help"
        : `listen to it:  {mybroker} tail --rabbit ${queue}`,
    exitCode: exitCodes.usage,
    cause: error,
  });
}
