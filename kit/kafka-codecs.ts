/** By their number in a batch's attributes. */
export const codecNames = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

/** @throws where the bytes are none of the codec's, or unpack to more than `unpackedLimitBytes` */
export type Decompress = (bytes: Buffer) => Uint8Array;

/** Producers make batches of a few MiB; what unpacks to more is no batch but a trap for the reader's memory. */
const unpackedLimitBytes = 64 * 1024 * 1024;

const loaders: Readonly<Record<number, () => Promise<Decompress>>> = {
  1: async () => {
    const { gunzipSync } = await import("node:zlib");
    return (bytes) => whileSmall(() => gunzipSync(bytes, { maxOutputLength: unpackedLimitBytes }));
  },
  2: async () => {
    const { uncompress } = await import("./drivers/snappyjs.js");
    return (bytes) => whileSmall(() => unpackSnappy(bytes, uncompress));
  },
  3: async () => {
    const { decompress, decompressBound } = await import("./drivers/lz4js.js");
    return (bytes) => {
      // Of 32 bits, which it takes for signed; all blocks but the last are full, so that it is about the size.
      const boundBytes = decompressBound(bytes) >>> 0;
      if (boundBytes > unpackedLimitBytes) throw tooLarge();
      return decompress(bytes, boundBytes);
    };
  },
  4: loadZstd,
};
const loaded = new Map<number, Decompress>();

/** Makes `findCodec` know it, where there is one. */
export async function loadCodec(codec: number): Promise<void> {
  const load = loaders[codec];
  if (load !== undefined && !loaded.has(codec)) loaded.set(codec, await load());
}

/** One that was loaded. */
export function findCodec(codec: number): Decompress | undefined {
  return loaded.get(codec);
}

function tooLarge(): Error {
  return new Error(`it unpacks to more than ${unpackedLimitBytes / 1024 / 1024} MiB`);
}

/** With the limit of zlib or of snappyjs, told in our words. */
function whileSmall<Bytes extends Uint8Array>(unpack: () => Bytes): Bytes {
  try {
    return unpack();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === "ERR_BUFFER_TOO_LARGE" || message.includes(" is too big,") ? tooLarge() : error;
  }
}

/** Node has its own since 22.15; the package is for those before. */
async function loadZstd(): Promise<Decompress> {
  const { zstdDecompressSync } = (await import("node:zlib")) as {
    zstdDecompressSync?: (bytes: Buffer, options: object) => Buffer;
  };
  if (zstdDecompressSync !== undefined) {
    return (bytes) => whileSmall(() => zstdDecompressSync(bytes, { maxOutputLength: unpackedLimitBytes }));
  }
  const { Decompress } = await import("fzstd");
  return (bytes) => {
    requireSmallWindows(bytes);
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    const unpacking = new Decompress((chunk) => {
      sizeBytes += chunk.length;
      if (sizeBytes > unpackedLimitBytes) throw tooLarge();
      chunks.push(chunk);
    });
    unpacking.push(bytes, true);
    return Buffer.concat(chunks);
  };
}

const zstdMark = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** The package makes as large a window as a frame's header wishes, and writes to all of it. */
function requireSmallWindows(bytes: Buffer): void {
  for (let at = bytes.indexOf(zstdMark); at >= 0; at = bytes.indexOf(zstdMark, at + 1)) {
    if (windowBytesOf(bytes.subarray(at)) > unpackedLimitBytes) throw tooLarge();
  }
}

/** RFC 8878, 3.1.1.1: of a frame of a single segment its content, else what the window's descriptor says. */
function windowBytesOf(frame: Buffer): number {
  const descriptor = frame[4] ?? 0;
  const window = frame[5] ?? 0;
  if ((descriptor & 0x20) === 0) return 2 ** (10 + (window >> 3)) * (1 + (window & 7) / 8);
  const start = 5 + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  const field = frame.subarray(start, start + (1 << (descriptor >> 6)));
  return field.reduceRight((size, byte) => size * 256 + byte, 0);
}

/** What Java's snappy streams begin with: this, two versions of four bytes, then blocks with their lengths. */
const streamMark = Buffer.from("\x82SNAPPY\0", "latin1");

/** Java's clients send a stream of blocks, librdkafka a single one without a frame. */
function unpackSnappy(
  bytes: Buffer,
  uncompress: (block: Uint8Array, limitBytes: number) => Uint8Array,
): Uint8Array {
  if (!bytes.subarray(0, streamMark.length).equals(streamMark)) return uncompress(bytes, unpackedLimitBytes);
  const blocks: Uint8Array[] = [];
  let leftBytes = unpackedLimitBytes;
  for (let at = streamMark.length + 8; at < bytes.length; ) {
    const length = bytes.readInt32BE(at);
    const block = uncompress(bytes.subarray(at + 4, at + 4 + length), leftBytes);
    leftBytes -= block.length;
    blocks.push(block);
    at += 4 + length;
  }
  return Buffer.concat(blocks);
}
