import { EngineError } from "./engine-error.js";

const newline = 0x0a;
/** No line of the engine's is near it; without a limit a broken peer could fill the memory. */
const maxLineBytes = 64 * 1024 * 1024;

/**
 * The JSON values of a newline-delimited stream. Bytes are split before they are decoded, so a character cut by
 * a chunk's end stays whole; a last line without newline counts; blank lines do not.
 *
 * @throws EngineError on a line that is not JSON: then the answer is not the engine's, or it is cut.
 */
export async function* readNdjson<T = unknown>(source: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  for await (const bytes of source) {
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      const line = Buffer.concat([...pending, bytes.subarray(start, end)])
        .toString("utf8")
        .trim();
      pending = [];
      pendingBytes = 0;
      start = end + 1;
      if (line !== "") yield parseLine<T>(line);
    }
    if (start === bytes.length) continue;
    pending.push(bytes.subarray(start));
    pendingBytes += bytes.length - start;
    if (pendingBytes > maxLineBytes) {
      throw new EngineError({
        kind: "other",
        message: `a line of the engine's answer exceeds ${maxLineBytes} bytes`,
      });
    }
  }
  const last = Buffer.concat(pending).toString("utf8").trim();
  if (last !== "") yield parseLine<T>(last);
}

function parseLine<T>(line: string): T {
  try {
    return JSON.parse(line) as T;
  } catch (cause) {
    const message = `the engine's answer has a line that is not JSON: ${JSON.stringify(line.slice(0, 200))}`;
    throw new EngineError({ kind: "other", message, cause });
  }
}
