declare module "snappyjs" {
  const snappy: {
    uncompress(bytes: Uint8Array, limitBytes?: number): Uint8Array;
    compress(bytes: Uint8Array): Uint8Array;
  };
  export default snappy;
}

declare module "lz4js" {
  const lz4: {
    decompress(frame: Uint8Array, sizeBytes?: number): Uint8Array;
    /** How long what a frame holds is at most. */
    decompressBound(frame: Uint8Array): number;
    compress(bytes: Uint8Array): Uint8Array;
  };
  export default lz4;
}
