import { Readable } from "node:stream";
import { pack } from "tar-stream";
import type { InlineFile } from "../reconcile/inline-files.js";

/** A tar of the files to be unpacked at "/"; the engine makes missing folders. */
export function packFiles(files: readonly InlineFile[]): NodeJS.ReadableStream {
  const archive = pack();
  for (const { target, content, uid, gid, mode } of files) {
    archive.entry({ name: target.replace(/^\/+/, ""), uid, gid, mode, mtime: new Date(0) }, content);
  }
  archive.finalize();
  return Readable.from(archive);
}
