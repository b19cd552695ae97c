import { StringDecoder } from "node:string_decoder";
import type { LogChunk } from "../engine/engine.js";

export interface LogLine {
  readonly channel: "stdout" | "stderr";
  /** RFC 3339 with nanoseconds, as the engine writes it; empty where a line has none. */
  readonly time: string;
  readonly text: string;
}

/**
 * Lines of a log that was asked for with timestamps. The engine cuts long lines into pieces of 16 KiB and puts the
 * line's time before each of them: the repeats are taken out again.
 */
export async function* readLogLines(chunks: AsyncIterable<LogChunk>): AsyncGenerator<LogLine> {
  const channels = { stdout: new LineSplitter(), stderr: new LineSplitter() };
  for await (const { channel, bytes } of chunks) {
    for (const line of channels[channel].push(bytes)) yield parseLine(channel, line);
  }
  for (const channel of ["stdout", "stderr"] as const) {
    const rest = channels[channel].end();
    if (rest !== "") yield parseLine(channel, rest);
  }
}

/** Cuts bytes at line ends; linear in their number, whatever the length of a line. */
class LineSplitter {
  readonly #decoder = new StringDecoder("utf8");
  #pieces: string[] = [];

  *push(bytes: Uint8Array): Generator<string> {
    const parts = this.#decoder
      .write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
      .split("\n");
    const last = parts.pop() ?? "";
    for (const part of parts) {
      this.#pieces.push(part);
      yield this.#pieces.join("");
      this.#pieces = [];
    }
    if (last !== "") this.#pieces.push(last);
  }

  end(): string {
    this.#pieces.push(this.#decoder.end());
    return this.#pieces.join("");
  }
}

const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) /;

function parseLine(channel: "stdout" | "stderr", line: string): LogLine {
  const prefix = timePattern.exec(line)?.[0];
  const withoutReturn = line.endsWith("\r") ? line.slice(0, -1) : line;
  if (prefix === undefined) return { channel, time: "", text: withoutReturn };
  return { channel, time: prefix.trimEnd(), text: withoutReturn.slice(prefix.length).replaceAll(prefix, "") };
}
