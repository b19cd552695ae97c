import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import {
  cacheParts,
  type DocumentPart,
  documentParts,
  type SeedPart,
  type SqlPart,
  sqlParts,
} from "./parts.js";
import { collectionsOf, tablesOf } from "./tables.js";
import { createWorld, type World, type WorldOptions } from "./world.js";

export interface Checksum {
  /** 64 hex digits, over those of the parts. */
  readonly total: string;
  readonly parts: Readonly<Record<SeedPart, string>>;
}

/** As many as there are at scale 1: one table comes after the other, and each is made of all pairs. */
const keptPairs = 500;

/** 2026-01-01 in Sao Paulo. */
const fixedAsOfMs = 1_767_236_400_000;

export interface ChecksumOptions extends Pick<WorldOptions, "randomSeed" | "scale"> {
  readonly signal?: AbortSignal;
}

/**
 * SHA-256 of the data set's content. It is taken of the rows as of a fixed day, so it is the same for every `asOfMs`:
 * times count as offsets. Takes as long as making all rows once.
 */
export async function checksumWorld({ randomSeed, scale, signal }: ChecksumOptions): Promise<Checksum> {
  const world = createWorld({ randomSeed, scale, asOfMs: fixedAsOfMs }, keptPairs);
  const lines = [
    ...sqlParts.map((part) => [part, linesOfRows(world, part)] as const),
    ...documentParts.map((part) => [part, linesOfDocuments(world, part)] as const),
    ...cacheParts.map((part) => [part, [JSON.stringify(world.entriesOf(part))]] as const),
  ];
  const parts: Partial<Record<SeedPart, string>> = {};
  for (const [part, ofPart] of lines) parts[part] = await digest(ofPart, signal);
  const total = await digest(Object.entries(parts).map(([part, hash]) => `${part} ${hash}`));
  return { total, parts: parts as Checksum["parts"] };
}

async function digest(lines: Iterable<string>, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for (const line of lines) {
    hash.update(line).update("\n");
    // It takes seconds: Ctrl-C has its turn.
    await setImmediate();
    signal?.throwIfAborted();
  }
  return hash.digest("hex");
}

/** A batch a line: how rows are cut into batches is part of the generator. */
function* linesOfRows(world: World, part: SqlPart): Generator<string> {
  for (const { name } of tablesOf[part])
    for (const { rows } of world.rowsOf(part, name)) yield name + JSON.stringify(rows);
}

function* linesOfDocuments(world: World, part: DocumentPart): Generator<string> {
  for (const { name } of collectionsOf[part])
    for (const { documents } of world.documentsOf(part, name)) yield name + JSON.stringify(documents);
}
