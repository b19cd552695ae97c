/** A message as its publisher sent it. */
export interface Message {
  readonly exchange: string;
  readonly routingKey: string;
  /** Property flags and values of the content header, as received (AMQP 0-9-1 section 4.2.6.1). */
  readonly propertyBytes: Buffer;
  readonly body: Buffer;
}

/** What a queue must know of a message's properties; whoever decoded them says it. */
export interface PublishOptions {
  /** delivery_mode 2; quorum and stream queues keep every message. */
  readonly persistent: boolean;
  /** The property `expiration`. */
  readonly expirationMs?: number | undefined;
}

/**
 * Rejected: the queue is full and overflows by reject-publish. Failed: its disk refused, or it is closing. The
 * publisher gets basic.nack for both.
 */
export type PublishOutcome = "stored" | "rejected" | "failed";

/**
 * Why a message left for the dead letter exchange: `reason` in the header x-death (RabbitMQ docs, "Dead Letter
 * Exchanges").
 */
export type DeadLetterReason = "rejected" | "expired" | "maxlen" | "delivery_limit";

export type QueueKind = "classic" | "quorum" | "stream";

/** Arguments as a declare or a policy gives them, int64 as number. */
export type QueueArguments = Readonly<Record<string, unknown>>;

export interface Delivery {
  /** What ack, requeue and reject take; unique in the queue while the message is unacked. */
  readonly deliveryId: number;
  readonly message: Message;
  readonly redelivered: boolean;
  /** Header x-delivery-count, to be added when above 0; only quorum queues count. */
  readonly deliveryCount: number;
  /** Header x-stream-offset (signed 64 bit), to be added; only stream queues have it. */
  readonly streamOffset: number | undefined;
}

/** The receiving end of basic.consume. The queue calls it and never waits for it. */
export interface Consumer {
  readonly noAck: boolean;
  readonly exclusive: boolean;
  /** x-priority; x-stream-offset, whose timestamp comes as a Date. */
  readonly arguments: QueueArguments;
  /** Whether prefetch and socket allow one more delivery now; asked before each. Call `resume` once that changes. */
  canTake(): boolean;
  /** With noAck the queue has forgotten the message; without, it waits for ack, requeue or reject. */
  deliver(delivery: Delivery): void;
  /** The queue was deleted or can no longer be read: basic.cancel to clients that know it. */
  cancelled(): void;
}

export interface Subscription {
  /** Nothing is delivered afterwards; unacked messages stay with their channel until it requeues or acks them. */
  cancel(): void;
}

/** Refused by a queue: whoever speaks the protocol turns the code into a channel error. */
export class QueueRefusal extends Error {
  readonly code: "ACCESS_REFUSED" | "PRECONDITION_FAILED" | "NOT_IMPLEMENTED";

  constructor(code: QueueRefusal["code"], message: string) {
    super(message);
    this.code = code;
  }
}

export interface Queue {
  readonly name: string;
  readonly kind: QueueKind;
  /** Messages that wait; of a stream, those that it holds. */
  readonly readyCount: number;
  readonly unackedCount: number;
  readonly consumerCount: number;

  /**
   * Resolves once the message is in the queue's file, where a kill of the process cannot take it away; transient
   * messages and queues resolve once in memory. Never rejects. Order of calls is order in the queue.
   */
  publish(message: Message, options: PublishOptions): Promise<PublishOutcome>;

  /**
   * Deliveries begin on a later turn of the event loop, so that consume-ok goes out first.
   * @throws QueueRefusal when an exclusive consumer is or would be involved, or an x-stream-offset cannot be read
   */
  subscribe(consumer: Consumer): Subscription;

  /** basic.get: undefined when nothing waits. @throws QueueRefusal NOT_IMPLEMENTED by streams */
  get(noAck: boolean): Promise<Delivery | undefined>;

  /** Unknown ids are ignored by these three. Of a stream, each only ends the delivery. */
  ack(deliveryIds: readonly number[]): void;
  /** nack or reject without requeue: to the dead letter exchange, if there is one, else gone. */
  reject(deliveryIds: readonly number[]): void;
  /**
   * Back into the queue, marked as redelivered, at the old place (quorum without delivery limit: at the back).
   * "returned": nack or recover with requeue, never counted. "lost": reject with requeue, or the channel ended with
   * the message unacked; a quorum queue counts it, and dead-letters by its delivery limit.
   */
  requeue(deliveryIds: readonly number[], cause: "returned" | "lost"): void;

  /** A consumer can take again. Cheap when nothing waits. */
  resume(): void;

  /** Queue used without consumer or get: a redeclare, which also restarts x-expires. */
  touch(): void;

  /** Takes out all that waits, unacked messages stay. Resolves with how many. Of a stream: NOT_IMPLEMENTED. */
  purge(): Promise<number>;

  /** Policy or arguments changed; time to live applies to what is published from then on, limits at once. */
  setArguments(effective: QueueArguments): void;

  /**
   * Cancels its consumers and removes its files. Nothing is dead-lettered (as RabbitMQ). Resolves with the ready count.
   */
  delete(): Promise<number>;
}

export interface QueueEvents {
  /**
   * Only called while x-dead-letter-exchange is among the effective arguments. The original leaves its queue once the
   * promise resolves; route nowhere or into a full queue is success (at most once, RabbitMQ's default strategy). When
   * it rejects, the message stays aside until the queue is opened again.
   */
  deadLetter(message: Message, reason: DeadLetterReason): Promise<void>;
  /** x-expires has passed without use: delete it. */
  expired(): void;
}

export interface QueueDefinition {
  readonly name: string;
  readonly kind: QueueKind;
  /** False: nothing survives the process, whatever the messages say. */
  readonly durable: boolean;
  /** The declare's arguments merged with the policy's definition (keys with "x-"). */
  readonly arguments: QueueArguments;
}

/** All queues of a broker: they share a folder, the memory for bodies and the flush once a second. */
export interface QueueStore {
  /**
   * Creates the queue, or finds what its durable namesake held.
   * @throws Error code DATA_DAMAGED with file and position
   */
  open(definition: QueueDefinition, events: QueueEvents): Promise<Queue>;
  /**
   * Removes what is left of queues that are not among these: their deletion was cut short by a kill. Call before
   * `open`.
   * @throws Error code DATA_DAMAGED when there are queues and nobody knows their names
   */
  keepOnly(names: readonly string[] | undefined): Promise<void>;
  /** All queues are open and bound: from now on they dead-letter. */
  start(): void;
  /** Requeue what is unacked before: afterwards queues do nothing, what was published is on the disk. */
  close(): Promise<void>;
}

/** How the broker opens it: `openQueueStore` in open-queue-store.ts. */
export interface QueueStoreOptions {
  readonly folder: string;
  log(level: "info" | "warn" | "error", text: string): void;
}
