/**
 * Where the reading of a container's log stands, so that it can be taken up again without a gap and without a repeat:
 * the engine reads from a time on, and several lines can have the same.
 */
export class LogPosition {
  #time = "";
  #linesAtTime = 0;

  /** A line of this time (RFC 3339 with nanoseconds, as the engine writes it) was printed. */
  note(time: string): void {
    if (time === this.#time) this.#linesAtTime += 1;
    else if (time > this.#time) {
      this.#time = time;
      this.#linesAtTime = 1;
    }
  }

  /** Where the next reading begins; undefined while nothing was printed. */
  get since(): string | undefined {
    return this.#time === "" ? undefined : this.#time;
  }

  /** Says of each line of a reading that begins at `since`, in order, whether it was printed before. */
  createFilter(): (time: string) => boolean {
    const resumedAt = this.#time;
    let repeats = this.#linesAtTime;
    return (time) => {
      if (time !== resumedAt || repeats === 0) return false;
      repeats -= 1;
      return true;
    };
  }
}
