import { randomBytes } from "node:crypto";
import { privateQueuePrefix } from "./rabbit-routes.js";
import type { Message, RabbitSession } from "./rabbit-session.js";

/** What may wait in the broker while this process is stopped or does not keep up; older ones go first. */
export const waitingLimit = 50_000;
const waitingLimitBytes = 64 * 1024 * 1024;

/**
 * A queue that only this connection sees and that ends with it. What comes is taken at once, without acknowledgement,
 * so that it is this side that says how much it had to drop: the broker does not count what it drops.
 */
export async function listenPrivately(
  session: RabbitSession,
  take: (messages: readonly Message[]) => void,
): Promise<string> {
  const { channel } = session;
  const { queue } = await channel.assertQueue(`${privateQueuePrefix}${randomBytes(8).toString("hex")}`, {
    exclusive: true,
    autoDelete: true,
    durable: false,
    arguments: {
      "x-queue-type": "classic",
      "x-max-length": waitingLimit,
      "x-max-length-bytes": waitingLimitBytes,
      "x-overflow": "drop-head",
    },
  });
  let waiting: Message[] = [];
  await channel.consume(
    queue,
    (message) => {
      if (message === null) return session.destroy();
      waiting.push(message);
      if (waiting.length > 1) return;
      setImmediate(() => {
        const batch = waiting;
        waiting = [];
        take(batch);
      });
    },
    { noAck: true, exclusive: true },
  );
  return queue;
}

/** The broker deletes it by itself when the connection ends, a little later. */
export async function leaveQueue({ channel }: RabbitSession, queue: string | undefined): Promise<void> {
  if (queue !== undefined) await channel.deleteQueue(queue);
}
