/** By their number in a batch's attributes. */
export const codecNames = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

export type Decompress = (bytes: Buffer) => Uint8Array;

/** A batch is at most a few MiB; what unpacks to more is no batch but a trap for the reader's memory. */
const unpackedLimitBytes = 256 * 1024 * 1024;

const loaders: Readonly<Record<number, () => Promise<Decompress>>> = {
  1: async () => {
    const { gunzipSync } = await import("node:zlib");
    return (bytes) => gunzipSync(bytes, { maxOutputLength: unpackedLimitBytes });
  },
  2: async () => {
    const { uncompress } = await import("./drivers/snappyjs.js");
    return (bytes) => unpackSnappy(bytes, uncompress);
  },
  3: async () => (await import("./drivers/lz4js.js")).decompress,
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

/** Node has its own since 22.15; the package is for those before. */
async function loadZstd(): Promise<Decompress> {
  const { zstdDecompressSync } = (await import("node:zlib")) as {
    zstdDecompressSync?: (bytes: Buffer, options: object) => Buffer;
  };
  if (zstdDecompressSync !== undefined) {
    return (bytes) => zstdDecompressSync(bytes, { maxOutputLength: unpackedLimitBytes });
  }
  const { decompress } = await import("fzstd");
  return (bytes) => decompress(bytes);
}

/** What Java's snappy streams begin with: this, two versions of four bytes, then blocks with their lengths. */
const streamMark = Buffer.from("\x82SNAPPY\0", "latin1");

/** Java's clients send a stream of blocks, librdkafka a single one without a frame. */
function unpackSnappy(bytes: Buffer, uncompress: (block: Uint8Array) => Uint8Array): Uint8Array {
  if (!bytes.subarray(0, streamMark.length).equals(streamMark)) return uncompress(bytes);
  const blocks: Uint8Array[] = [];
  for (let at = streamMark.length + 8; at < bytes.length; ) {
    const length = bytes.readInt32BE(at);
    blocks.push(uncompress(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return Buffer.concat(blocks);
}
