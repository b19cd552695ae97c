import { statfs } from "node:fs/promises";

const checkIntervalMs = 1000;

/**
 * Whether the disk has room for more. Asked by publishers only: an idle broker has no timer, one whose disk is full
 * looks once a second.
 */
export class DiskFloor {
  readonly #folder: string;
  readonly #floorBytes: number;
  readonly #onChange: (isLow: boolean) => void;
  #isLow = false;
  #checkedAtMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(folder: string, floorBytes: number, onChange: (isLow: boolean) => void) {
    this.#folder = folder;
    this.#floorBytes = floorBytes;
    this.#onChange = onChange;
  }

  /** As of the last look, at most a second and one publish ago. */
  get isLow(): boolean {
    const now = performance.now();
    if (!this.#isLow && now - this.#checkedAtMs >= checkIntervalMs) {
      this.#checkedAtMs = now;
      void this.#check();
    }
    return this.#isLow;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #check(): Promise<void> {
    const isLow = await statfs(this.#folder).then(
      ({ bavail, bsize }) => bavail * bsize < this.#floorBytes,
      () => false,
    );
    if (isLow === this.#isLow) return;
    this.#isLow = isLow;
    clearInterval(this.#timer);
    if (isLow) this.#timer = setInterval(() => void this.#check(), checkIntervalMs).unref();
    this.#onChange(isLow);
  }
}
