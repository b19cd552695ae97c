import type { LogChunk } from "./engine.js";
import { EngineError } from "./engine-error.js";

const headerBytes = 8;

/**
 * Splits the engine's multiplexed stream (8-byte header: channel, 3 zeros, big-endian length; then the payload)
 * into chunks by channel. Linear in time, and a frame is passed on as it arrives, so that a line of any length
 * costs no buffer. The reader's pace holds the source back. A stream that ends inside a frame keeps what came.
 *
 * Only for containers without a TTY; with one the stream is raw, see `rawOutput`.
 *
 * @throws EngineError where the stream is not multiplexed, or where the engine reports its own failure in it.
 */
export async function* demultiplex(source: AsyncIterable<Uint8Array>): AsyncGenerator<LogChunk> {
  const header = Buffer.alloc(headerBytes);
  let headerFill = 0;
  let payloadLeft = 0;
  const report: Buffer[] = [];
  for await (const bytes of source) {
    let offset = 0;
    while (offset < bytes.length) {
      if (payloadLeft === 0) {
        const taken = Math.min(headerBytes - headerFill, bytes.length - offset);
        header.set(bytes.subarray(offset, offset + taken), headerFill);
        headerFill += taken;
        offset += taken;
        if (headerFill < headerBytes) break;
        headerFill = 0;
        payloadLeft = payloadLength(header);
        continue;
      }
      const taken = Math.min(payloadLeft, bytes.length - offset);
      const piece = bytes.subarray(offset, offset + taken);
      offset += taken;
      payloadLeft -= taken;
      if (header[0] !== channels.engine) {
        yield { channel: header[0] === channels.stderr ? "stderr" : "stdout", bytes: piece };
        continue;
      }
      report.push(Buffer.from(piece));
      if (payloadLeft === 0)
        throw new EngineError({ kind: "other", message: Buffer.concat(report).toString("utf8") });
    }
  }
}

/** The output of a container or exec with a TTY: one channel, no frames. */
export async function* rawOutput(source: AsyncIterable<Uint8Array>): AsyncGenerator<LogChunk> {
  for await (const bytes of source) yield { channel: "stdout", bytes };
}

/** Stream types of the engine's protocol; "engine" carries an error of the engine itself. */
const channels = { stdin: 0, stdout: 1, stderr: 2, engine: 3 } as const;

function payloadLength(header: Buffer): number {
  const channel = header.readUInt8(0);
  if (channel > channels.engine || header.readUIntBE(1, 3) !== 0) {
    throw new EngineError({
      kind: "other",
      message: "the engine's output stream is not in the expected frames",
    });
  }
  return header.readUInt32BE(4);
}
