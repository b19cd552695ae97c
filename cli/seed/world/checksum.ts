import { createHash } from "node:crypto";
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

/**
 * SHA-256 of the data set's content. It is taken of the rows as of a fixed day, so it is the same for every `asOfMs`:
 * times count as offsets. Takes as long as making all rows once.
 */
export function checksumWorld({ randomSeed, scale }: Pick<WorldOptions, "randomSeed" | "scale">): Checksum {
  const world = createWorld({ randomSeed, scale, asOfMs: fixedAsOfMs }, keptPairs);
  const parts = Object.fromEntries([
    ...sqlParts.map((part) => [part, digest(linesOfRows(world, part))]),
    ...documentParts.map((part) => [part, digest(linesOfDocuments(world, part))]),
    ...cacheParts.map((part) => [part, digest([JSON.stringify(world.entriesOf(part))])]),
  ]) as Record<SeedPart, string>;
  return { total: digest(Object.entries(parts).map(([part, hash]) => `${part} ${hash}`)), parts };
}

function digest(lines: Iterable<string>): string {
  const hash = createHash("sha256");
  for (const line of lines) hash.update(line).update("\n");
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
