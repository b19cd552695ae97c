import { pipeline } from "node:stream";
import { buffer } from "node:stream/consumers";
import { extract } from "tar-stream";
import { digestFile } from "../reconcile/inline-files.js";
import type { Engine } from "./engine.js";
import { EngineError } from "./engine-error.js";

/** Target -> digest of files in a container, also a stopped one; targets that are not there are left out. */
export async function readFileDigests(
  engine: Engine,
  containerId: string,
  targets: readonly string[],
): Promise<Record<string, string>> {
  const digests = await Promise.all(targets.map((target) => readDigest(engine, containerId, target)));
  return Object.fromEntries(
    targets.flatMap((target, index) => {
      const digest = digests[index];
      return digest === undefined ? [] : [[target, digest]];
    }),
  );
}

async function readDigest(engine: Engine, containerId: string, target: string): Promise<string | undefined> {
  let archive: NodeJS.ReadableStream;
  try {
    archive = await engine.getArchive(containerId, target);
  } catch (error) {
    if (error instanceof EngineError && error.kind === "not-found") return undefined;
    throw error;
  }
  let digest: string | undefined;
  const entries = extract();
  // An error of the archive destroys the reader, which then throws below.
  pipeline(archive, entries, () => {});
  for await (const entry of entries) {
    const { uid = 0, gid = 0, mode = 0o444, type } = entry.header;
    const content = await buffer(entry);
    if (type === "file") digest = digestFile({ uid, gid, mode, content });
  }
  return digest;
}
