import snappy from "snappyjs";

/** Loaded by import() of this file: a bundle gives the names of a CommonJS package only to a static import. */
export const { uncompress } = snappy;
