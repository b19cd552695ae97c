/** What a queue should do, said in the plainest way: lists and loops, nothing stored. */
export interface TwinMessage {
  readonly body: string;
  readonly persistent: boolean;
  /** 0: never. */
  readonly expiresAt: number;
  deliveryCount: number;
  redelivered: boolean;
}

export interface TwinOptions {
  readonly quorum: boolean;
  readonly deliveryLimit: number;
  readonly maxLength: number;
}

export class QueueTwin {
  /** Positions in a list that never shrinks keep the order. */
  #places: (TwinMessage | undefined)[] = [];
  #out = new Set<TwinMessage>();
  readonly deadLetters: string[] = [];
  readonly #options: TwinOptions;

  constructor(options: TwinOptions) {
    this.#options = options;
  }

  get readyCount(): number {
    return this.#ready().length;
  }

  get unacked(): TwinMessage[] {
    return this.#places.filter((message) => message && this.#out.has(message)) as TwinMessage[];
  }

  append(message: TwinMessage): void {
    this.#places.push(message);
  }

  publish(message: TwinMessage, now: number): void {
    this.append(message);
    this.settle(now);
    this.trim();
  }

  trim(): void {
    while (this.readyCount > this.#options.maxLength) this.#bury(this.#ready()[0], "maxlen");
  }

  get(): TwinMessage | undefined {
    const [message] = this.#ready();
    if (message) this.#out.add(message);
    return message;
  }

  ack(message: TwinMessage): void {
    this.#drop(message);
  }

  reject(message: TwinMessage): void {
    this.#bury(message, "rejected");
  }

  requeue(message: TwinMessage, cause: "returned" | "lost"): void {
    this.#out.delete(message);
    if (this.#options.quorum && cause === "lost") message.deliveryCount += 1;
    message.redelivered = true;
    if (!this.#options.quorum) return;
    if (this.#options.deliveryLimit < 0) {
      this.#drop(message);
      this.#places.push(message);
    } else if (message.deliveryCount > this.#options.deliveryLimit) this.#bury(message, "delivery_limit");
  }

  purge(): number {
    const ready = this.#ready();
    for (const message of ready) this.#drop(message);
    return ready.length;
  }

  restart(now: number): void {
    const lost = this.unacked.filter(({ persistent }) => persistent || this.#options.quorum);
    if (!this.#options.quorum) this.#places = this.#places.filter((message) => message?.persistent);
    for (const message of lost) this.requeue(message, "lost");
    this.trim();
    this.settle(now);
  }

  settle(now: number): void {
    for (
      let head = this.#ready()[0];
      head && head.expiresAt > 0 && head.expiresAt <= now;
      head = this.#ready()[0]
    ) {
      this.#bury(head, "expired");
    }
  }

  #ready(): TwinMessage[] {
    return this.#places.filter((message) => message && !this.#out.has(message)) as TwinMessage[];
  }

  #drop(message: TwinMessage): void {
    this.#out.delete(message);
    this.#places = this.#places.filter((other) => other !== message);
  }

  #bury(message: TwinMessage | undefined, reason: string): void {
    if (!message) return;
    this.#drop(message);
    this.deadLetters.push(`${message.body} ${reason}`);
  }
}
