import { readNumber } from "./limits.js";
import { type Consumer, QueueRefusal } from "./queue.js";

/** Who takes next: the highest x-priority that can, in turn among equals; a single active consumer until it leaves. */
export class ConsumerList {
  readonly #consumers: Consumer[] = [];

  get count(): number {
    return this.#consumers.length;
  }

  /** @throws QueueRefusal ACCESS_REFUSED */
  add(consumer: Consumer, queueName: string): void {
    const exclusive = consumer.exclusive ? this.count > 0 : this.#consumers.some((other) => other.exclusive);
    if (exclusive)
      throw new QueueRefusal("ACCESS_REFUSED", `queue '${queueName}' in vhost '/' in exclusive use`);
    this.#insert(consumer);
  }

  remove(consumer: Consumer): void {
    const index = this.#consumers.indexOf(consumer);
    if (index >= 0) this.#consumers.splice(index, 1);
  }

  pick(singleActive: boolean): Consumer | undefined {
    if (!singleActive) return this.#consumers.find((consumer) => consumer.canTake());
    return this.#consumers[0]?.canTake() ? this.#consumers[0] : undefined;
  }

  /** It took one: its equals come first now. */
  rotate(consumer: Consumer): void {
    if (this.count === 1) return;
    this.remove(consumer);
    this.#insert(consumer);
  }

  /** Empties the list. */
  takeAll(): Consumer[] {
    return this.#consumers.splice(0);
  }

  #insert(consumer: Consumer): void {
    const index = this.#consumers.findIndex((other) => priorityOf(other) < priorityOf(consumer));
    this.#consumers.splice(index < 0 ? this.count : index, 0, consumer);
  }
}

function priorityOf(consumer: Consumer): number {
  return readNumber(consumer.arguments["x-priority"]) ?? 0;
}
