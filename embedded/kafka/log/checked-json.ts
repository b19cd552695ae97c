import { open, readFile, rename } from "node:fs/promises";
import { crc32c } from "./crc32c.js";
import { DataDamagedError } from "./data-damaged.js";

/** Replaces the file in one step (write, flush, rename), so that a kill leaves the old or the new one. */
export async function writeCheckedJson(path: string, value: unknown): Promise<void> {
  const text = JSON.stringify(value);
  const handle = await open(`${path}.new`, "w", 0o600);
  try {
    await handle.writeFile(`${crc32c(Buffer.from(text)).toString(16).padStart(8, "0")} ${text}`);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.new`, path);
}

/**
 * Undefined when there is no such file.
 * @throws DataDamagedError when it does not hold what was written
 */
export async function readCheckedJson<Value>(path: string): Promise<Value | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const text = bytes.subarray(9);
  if (bytes.length < 9 || Number.parseInt(bytes.toString("latin1", 0, 8), 16) !== crc32c(text)) {
    throw new DataDamagedError(path, 0, "its checksum is wrong");
  }
  return JSON.parse(text.toString()) as Value;
}
