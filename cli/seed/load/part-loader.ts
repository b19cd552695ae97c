import type { SeedStore } from "../stores.js";
import type { World } from "../world/world.js";
import type { SeedMark } from "./mark.js";

/** What a part is filled with. */
export interface Filling {
  readonly world: World;
  /** Of SEED_USER_PASSWORD. */
  readonly passwordHash: string;
  /** Of all users of the data set. */
  readonly userIds: readonly string[];
  readonly signal: AbortSignal;
  /** Rows of the part so far. */
  readonly onRows: (rows: number) => void;
}

export interface Removal {
  /** What comes in its place. */
  readonly next: Pick<SeedMark, "dataSet" | "asOfMs">;
  readonly signal: AbortSignal;
}

/** One part of the data set in its store. Nothing is changed before the first call that says so. */
export interface PartLoader {
  readonly store: SeedStore;
  /** How rows are sent: "COPY". */
  readonly method: string;
  readMark(): Promise<SeedMark | undefined>;
  /**
   * Takes out all rows of the users of the data set that is there, and what is nobody's where another one comes;
   * returns how many.
   */
  remove(removal: Removal): Promise<number>;
  /** Makes ready what fill() puts in, where that keeps its transaction short. */
  stage?(filling: Filling): Promise<void>;
  /** Puts the rows in; returns how many by table. */
  fill(filling: Filling): Promise<Readonly<Record<string, number>>>;
  writeMark(mark: SeedMark): Promise<void>;
  /** What was done is there for good. Stores without transactions have it already. */
  commit(): Promise<void>;
  /** Ends the connection and undoes what was not committed; never fails. */
  close(): Promise<void>;
}
