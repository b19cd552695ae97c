import type { Readable } from "node:stream";
import type { RuntimeSettings } from "../../contracts/embedded-control.js";

/** Far above what a stack's settings need. */
const longestBytes = 4 * 1024 * 1024;

/**
 * The settings: the first line of the stream, which is read no further. @throws Error where the stream ends before,
 * or the line is no JSON.
 */
export async function readSettings(stream: Readable): Promise<RuntimeSettings> {
  let text = "";
  stream.setEncoding("utf8");
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    text += chunk;
    const end = text.indexOf("\n");
    if (end >= 0) return JSON.parse(text.slice(0, end)) as RuntimeSettings;
    if (text.length > longestBytes) break;
  }
  throw new Error("no settings came on stdin: this program is started by  mybroker up --runtime embedded");
}
