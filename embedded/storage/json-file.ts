import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * @returns what the file holds, undefined when there is none
 * @throws Error with code "DATA_DAMAGED" when it is not JSON, "DATA_NEWER" when its `version` is above the given one
 */
export async function readJsonFile(path: string, version: number): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const content = parseObject(text);
  if (content === undefined) throw withCode("DATA_DAMAGED", `${path} is damaged: not a JSON object`);
  if (typeof content.version === "number" && content.version > version) {
    throw withCode("DATA_NEWER", `${path} was written by a newer version`);
  }
  return content;
}

/** Replaces the file at once, on the disk when it resolves: whatever happens, the old or the new content is there. */
export async function writeJsonFile(path: string, content: object): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(`${JSON.stringify(content, null, 2)}\n`);
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
