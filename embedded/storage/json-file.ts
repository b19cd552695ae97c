import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32c } from "./crc32c.js";
import { DataDamagedError } from "./data-damaged.js";

/**
 * @returns what the file holds, undefined when there is none
 * @throws Error with code "DATA_DAMAGED" when it is not JSON, "DATA_NEWER" when its `version` is above the given one
 */
export async function readJsonFile(path: string, version: number): Promise<unknown> {
  const bytes = await readIfThere(path);
  if (bytes === undefined) return undefined;
  const content = parseObject(bytes.toString());
  if (content === undefined) throw withCode("DATA_DAMAGED", `${path} is damaged: not a JSON object`);
  if (typeof content.version === "number" && content.version > version) {
    throw withCode("DATA_NEWER", `${path} was written by a newer version`);
  }
  return content;
}

/** Replaces the file at once, on the disk when it resolves: whatever happens, the old or the new content is there. */
export function writeJsonFile(path: string, content: object): Promise<void> {
  return replaceFile(path, `${JSON.stringify(content, null, 2)}\n`);
}

/**
 * As {@link writeJsonFile}, for what only programs read: in one line, behind its CRC-32C in hex.
 */
export function writeCheckedJson(path: string, content: unknown): Promise<void> {
  const text = JSON.stringify(content);
  return replaceFile(path, `${checksumOf(Buffer.from(text))} ${text}`);
}

/**
 * @returns what was written, undefined when there is no such file
 * @throws DataDamagedError when it does not hold what was written
 */
export async function readCheckedJson<Content>(path: string): Promise<Content | undefined> {
  const bytes = await readIfThere(path);
  if (bytes === undefined) return undefined;
  const text = bytes.subarray(9);
  if (bytes.toString("latin1", 0, 9) !== `${checksumOf(text)} `) {
    throw new DataDamagedError(path, 0, "its checksum is wrong");
  }
  return JSON.parse(text.toString()) as Content;
}

async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function checksumOf(bytes: Buffer): string {
  return crc32c(bytes).toString(16).padStart(8, "0");
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const content: unknown = JSON.parse(text);
    return typeof content === "object" && content !== null ? (content as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
