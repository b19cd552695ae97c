import type { SeedPart } from "./parts.js";
import type { WorldOptions } from "./world.js";

export interface Checksum {
  /** 64 hex digits, over those of the parts. */
  readonly total: string;
  readonly parts: Readonly<Record<SeedPart, string>>;
}

/**
 * SHA-256 of the data set's content. It is taken of the rows as of a fixed day, so it is the same for every `asOfMs`:
 * times count as offsets. Takes as long as making all rows once.
 */
export function checksumWorld(_options: Pick<WorldOptions, "randomSeed" | "scale">): Checksum {
  throw new Error("not built yet");
}
