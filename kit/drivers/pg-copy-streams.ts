import copyStreams from "pg-copy-streams";

/** Loaded by import() of this file: a bundle gives the names of a CommonJS package only to a static import. */
export const copyFrom = copyStreams.from;
