import type { Consumer, Delivery, QueueArguments, Subscription } from "../queues/queue.js";
import type { BrokerQueue } from "../topology/binding.js";
import { traceMessage } from "../topology/firehose.js";
import { decodeProperties, encodeProperties } from "../wire/properties.js";
import { type Field, longField } from "../wire/table.js";
import type { Channel } from "./channel.js";

interface ConsumerOptions {
  readonly tag: string;
  readonly queue: BrokerQueue;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  /** 0: as many as the socket takes. */
  readonly prefetchCount: number;
  readonly arguments: QueueArguments;
}

/** A consumer of a channel: turns what its queue delivers into basic.deliver. */
export class ChannelConsumer implements Consumer {
  readonly tag: string;
  readonly queue: BrokerQueue;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly arguments: QueueArguments;
  unackedCount = 0;
  readonly #channel: Channel;
  readonly #prefetchCount: number;
  #refused = false;
  #subscription: Subscription | undefined;

  constructor(channel: Channel, options: ConsumerOptions) {
    this.#channel = channel;
    this.tag = options.tag;
    this.queue = options.queue;
    this.noAck = options.noAck;
    this.exclusive = options.exclusive;
    this.arguments = options.arguments;
    this.#prefetchCount = options.prefetchCount;
  }

  /** @throws QueueRefusal */
  subscribe(): void {
    this.#subscription = this.queue.stored.subscribe(this);
  }

  /** The client's wish, or its channel's end. */
  cancel(): void {
    this.#subscription?.cancel();
  }

  canTake(): boolean {
    const full = this.#prefetchCount > 0 && this.unackedCount >= this.#prefetchCount;
    const takes = !full && this.#channel.canDeliver;
    if (!takes) this.#refused = true;
    return takes;
  }

  /** Asks the queue again, if it was told no before. */
  resume(): void {
    if (!this.#refused) return;
    this.#refused = false;
    this.queue.stored.resume();
  }

  deliver(delivery: Delivery): void {
    const { message, deliveryId } = delivery;
    const consumer = this.noAck ? undefined : this;
    const { redelivered } = delivery;
    traceMessage(this.#channel.host.topology, message, {
      what: "deliver",
      queue: this.queue.name,
      redelivered,
    });
    const deliveryTag = this.#channel.nextDeliveryTag(
      consumer && { queue: this.queue, deliveryId, consumer },
    );
    this.#channel.sendContent(
      "basic.deliver",
      {
        consumerTag: this.tag,
        deliveryTag,
        redelivered,
        exchange: message.exchange,
        routingKey: message.routingKey,
      },
      { properties: deliveredProperties(delivery), body: message.body },
    );
  }

  cancelled(): void {
    this.#channel.consumerCancelled(this);
  }
}

/** The message's own property bytes, unless its queue has a header to add. */
export function deliveredProperties({ message, deliveryCount, streamOffset }: Delivery): Buffer {
  if (deliveryCount === 0 && streamOffset === undefined) return message.propertyBytes;
  const properties = decodeProperties(message.propertyBytes);
  const headers = new Map<string, Field>(properties.headers);
  if (deliveryCount > 0) headers.set("x-delivery-count", longField(deliveryCount));
  if (streamOffset !== undefined) headers.set("x-stream-offset", longField(streamOffset));
  return encodeProperties({ ...properties, headers });
}
