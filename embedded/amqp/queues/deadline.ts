/** The longest that a timer can wait. */
const longestMs = 2 ** 31 - 1;

/** One timer for a moment that moves. It keeps no process alive. */
export class Deadline {
  readonly #reached: () => void;
  #timer: NodeJS.Timeout | undefined;
  #at = 0;

  constructor(reached: () => void) {
    this.#reached = reached;
  }

  /** Milliseconds since 1970. */
  set(at: number): void {
    if (this.#timer && this.#at === at) return;
    this.clear();
    this.#at = at;
    this.#timer = setTimeout(() => this.#fire(), Math.min(Math.max(at - Date.now(), 0), longestMs));
    this.#timer.unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #fire(): void {
    this.#timer = undefined;
    if (Date.now() < this.#at) this.set(this.#at);
    else this.#reached();
  }
}
