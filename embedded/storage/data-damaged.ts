/** Bytes of a file that cannot be what was written; `code` is what the runtime tells the user by. */
export class DataDamagedError extends Error {
  readonly code = "DATA_DAMAGED";
  readonly position: number;

  constructor(path: string, position: number, reason: string) {
    super(`${path} is damaged at byte ${position}: ${reason}`);
    this.name = "DataDamagedError";
    this.position = position;
  }
}
