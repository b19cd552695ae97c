import type { PublishOutcome } from "../queues/queue.js";

interface ConfirmSender {
  ack(deliveryTag: number, multiple: boolean): void;
  nack(deliveryTag: number): void;
}

/**
 * Publisher confirms of a channel (RabbitMQ docs, "Consumer Acknowledgements and Publisher Confirms"): outcomes of one
 * turn of the event loop go out together, as few acks as their numbers allow.
 */
export class Confirms {
  readonly #sender: ConfirmSender;
  #lastTag = 0;
  /** In the order of their numbers. */
  readonly #unsettled = new Set<number>();
  #outcomes: { readonly tag: number; readonly stored: boolean }[] = [];

  constructor(sender: ConfirmSender) {
    this.#sender = sender;
  }

  /** Numbers the message; it is confirmed once the outcome is there, which must not reject. */
  track(outcome: PublishOutcome | Promise<PublishOutcome>): void {
    this.#lastTag += 1;
    const tag = this.#lastTag;
    this.#unsettled.add(tag);
    if (outcome instanceof Promise) outcome.then((settled) => this.#settle(tag, settled));
    else this.#settle(tag, outcome);
  }

  #settle(tag: number, outcome: PublishOutcome): void {
    this.#unsettled.delete(tag);
    if (this.#outcomes.length === 0) setImmediate(() => this.#flush());
    this.#outcomes.push({ tag, stored: outcome === "stored" });
  }

  #flush(): void {
    const outcomes = this.#outcomes;
    this.#outcomes = [];
    // Before any ack that covers several: what was refused is settled then and not among them.
    for (const { tag, stored } of outcomes) if (!stored) this.#sender.nack(tag);
    const [firstUnsettled = this.#lastTag + 1] = this.#unsettled;
    const acked = outcomes.filter(({ stored }) => stored).map(({ tag }) => tag);
    const below = acked.filter((tag) => tag < firstUnsettled);
    if (below.length > 0) this.#sender.ack(Math.max(...below), below.length > 1);
    for (const tag of acked) if (tag > firstUnsettled) this.#sender.ack(tag, false);
  }
}
