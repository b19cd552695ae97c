import lz4 from "lz4js";

/** Loaded by import() of this file: a bundle gives the names of a CommonJS package only to a static import. */
export const { decompress, decompressBound } = lz4;
