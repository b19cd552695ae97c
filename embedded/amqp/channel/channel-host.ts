import type { PublishOutcome } from "../queues/queue.js";
import type { Topology } from "../topology/topology.js";

/** What a channel needs of its connection. */
export interface ChannelHost {
  readonly topology: Topology;
  readonly user: string;
  /** Largest frame that the client takes. */
  readonly frameMaxBytes: number;
  /** Owner of exclusive queues. */
  readonly identity: object;
  /** Whether the client understands a basic.cancel that comes from the broker. */
  readonly notifiesCancel: boolean;
  /** False while the socket's buffer is full; channels hear of the change by resumeConsumers. */
  readonly canDeliver: boolean;
  send(frames: Buffer): void;
  /** Holds the publisher back while too much of what it sent is not stored yet. */
  trackPublish(sizeBytes: number, outcome: Promise<PublishOutcome>): void;
  /** Counts the bytes of contents that are not complete. @throws AmqpError 506 when there are too many */
  countPartialContent(bytes: number): void;
}
