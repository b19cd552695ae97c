interface HeartbeatOptions {
  readonly intervalMs: number;
  /** Nothing was sent for half the interval. */
  send(): void;
  /** Nothing came for two intervals. */
  onSilence(): void;
}

/** Heartbeats of a connection (AMQP 0-9-1 section 4.2.7): one timer, two marks. */
export class Heartbeats {
  sentSomething = false;
  #silentTicks = 0;
  readonly #timer: NodeJS.Timeout;

  constructor({ intervalMs, send, onSilence }: HeartbeatOptions) {
    this.#timer = setInterval(() => {
      if (!this.sentSomething) send();
      this.sentSomething = false;
      this.#silentTicks += 1;
      // Two intervals are four ticks; the first one may have come right after the last byte.
      if (this.#silentTicks > 4) onSilence();
    }, intervalMs / 2);
  }

  /** Bytes came, or the broker itself does not read now. */
  heard(): void {
    this.#silentTicks = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
