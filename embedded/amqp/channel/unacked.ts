import type { BrokerQueue } from "../topology/binding.js";
import { AmqpError } from "../wire/amqp-error.js";
import type { ChannelConsumer } from "./channel-consumer.js";

export interface UnackedDelivery {
  readonly queue: BrokerQueue;
  readonly deliveryId: number;
  /** Undefined for basic.get. */
  readonly consumer: ChannelConsumer | undefined;
}

/** The deliveries of a channel that wait for an answer, by delivery tag. */
export class Unacked {
  readonly #entries = new Map<number, UnackedDelivery>();

  add(tag: number, entry: UnackedDelivery): void {
    this.#entries.set(tag, entry);
    if (entry.consumer !== undefined) entry.consumer.unackedCount += 1;
  }

  /**
   * Takes out one delivery, or all up to it (tag 0: all), and hands each queue its ids.
   * @throws AmqpError 406 for a tag that is not there
   */
  settle(
    { tag, multiple }: { readonly tag: number; readonly multiple: boolean },
    apply: (queue: BrokerQueue, deliveryIds: readonly number[]) => void,
  ): void {
    if (!this.#entries.has(tag) && !(multiple && tag === 0)) {
      throw new AmqpError(406, `unknown delivery tag ${tag}`);
    }
    const idsByQueue = new Map<BrokerQueue, number[]>();
    for (const settled of multiple ? this.#upTo(tag) : [tag]) this.#take(settled, idsByQueue);
    for (const [queue, deliveryIds] of idsByQueue) apply(queue, deliveryIds);
  }

  #upTo(tag: number): number[] {
    const tags: number[] = [];
    for (const candidate of this.#entries.keys()) {
      if (tag !== 0 && candidate > tag) break;
      tags.push(candidate);
    }
    return tags;
  }

  #take(tag: number, idsByQueue: Map<BrokerQueue, number[]>): void {
    const entry = this.#entries.get(tag);
    if (entry === undefined) return;
    this.#entries.delete(tag);
    if (entry.consumer !== undefined) entry.consumer.unackedCount -= 1;
    const ids = idsByQueue.get(entry.queue);
    if (ids === undefined) idsByQueue.set(entry.queue, [entry.deliveryId]);
    else ids.push(entry.deliveryId);
  }
}
