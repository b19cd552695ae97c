/** What a store says of the data set in it: the row, document or key `mybroker_seed`. */
export interface SeedMark {
  /** World.id. */
  readonly dataSet: string;
  readonly randomSeed: number;
  readonly scale: number;
  /** Unix time in ms. */
  readonly asOfMs: number;
  /** Of the whole data set. */
  readonly checksum: string;
  /** Of this part, by table, collection or "keys". */
  readonly rows: Readonly<Record<string, number>>;
  /** "loading" only where there are no transactions: some of its documents may be there. */
  readonly state: "loading" | "complete";
}

/** Name of the table, the collection and the key. */
export const markName = "mybroker_seed";

/** undefined for what is no mark. */
export function parseMark(text: string | undefined): SeedMark | undefined {
  if (text === undefined) return undefined;
  try {
    const mark = JSON.parse(text) as Partial<SeedMark> | null;
    return typeof mark?.dataSet === "string" && typeof mark.asOfMs === "number"
      ? (mark as SeedMark)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Whether both are the same data set with the same times. */
export function isSame(
  mark: Pick<SeedMark, "dataSet" | "asOfMs">,
  other: Pick<SeedMark, "dataSet" | "asOfMs">,
): boolean {
  return mark.dataSet === other.dataSet && mark.asOfMs === other.asOfMs;
}
