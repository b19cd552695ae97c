import { existsSync, readFileSync } from "node:fs";
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import { Readable } from "node:stream";
import dockerIgnore from "@balena/dockerignore";
import { pack } from "tar-stream";
import type { Build } from "../compose/model.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";

/** Name in the archive of a Dockerfile that is not a file of the context. */
const foreignDockerfile = ".mybroker.Dockerfile";

export interface BuildContext {
  readonly tar: NodeJS.ReadableStream;
  /** Path of the Dockerfile inside the archive. */
  readonly dockerfile: string;
}

/**
 * The build's folder as a tar, less what .dockerignore names.
 * @throws MybrokerError build.context, exit 2, where the folder or the Dockerfile does not exist
 */
export async function packBuildContext(build: Build): Promise<BuildContext> {
  const folder = resolve(build.context ?? ".");
  if (!existsSync(folder)) throw missing("the build context", build.context ?? ".");
  const { dockerfile, foreign } = readDockerfile(build, folder);
  const ignored = readIgnoreFile(folder);
  const archive = pack();
  const fill = async () => {
    if (foreign !== undefined) {
      archive.entry({ name: foreignDockerfile }, foreign);
      // The engine leaves out of the build what this names, once it has read the Dockerfile.
      archive.entry({ name: ".dockerignore" }, `${ignored.text}\n${foreignDockerfile}\n.dockerignore\n`);
    }
    for (const entry of await readdir(folder, { recursive: true })) {
      if (foreign !== undefined && entry === ".dockerignore") continue;
      const wanted = entry === dockerfile || entry === ".dockerignore" || !ignored.test(entry);
      if (wanted) await addEntry(archive, folder, entry);
    }
    archive.finalize();
  };
  fill().catch((error: unknown) =>
    archive.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return { tar: Readable.from(archive), dockerfile };
}

function readDockerfile(build: Build, folder: string): { dockerfile: string; foreign?: string } {
  if (build.dockerfile_inline !== undefined) {
    return { dockerfile: foreignDockerfile, foreign: build.dockerfile_inline };
  }
  const path = resolve(folder, build.dockerfile ?? "Dockerfile");
  if (!existsSync(path)) throw missing("the Dockerfile", path);
  const inside = relative(folder, path);
  if (!inside.startsWith("..") && !isAbsolute(inside)) return { dockerfile: inside };
  return { dockerfile: foreignDockerfile, foreign: readFileSync(path, "utf8") };
}

function readIgnoreFile(folder: string): { text: string; test: (path: string) => boolean } {
  const path = join(folder, ".dockerignore");
  if (!existsSync(path)) return { text: "", test: () => false };
  const text = readFileSync(path, "utf8");
  const patterns = dockerIgnore.default({ ignorecase: false }).add(text);
  return { text, test: (entry) => patterns.ignores(entry) };
}

async function addEntry(archive: ReturnType<typeof pack>, folder: string, name: string): Promise<void> {
  const path = join(folder, name);
  const stats = await lstat(path);
  const header = { name, mode: stats.mode & 0o7777, mtime: stats.mtime };
  if (stats.isSymbolicLink()) archive.entry({ ...header, type: "symlink", linkname: await readlink(path) });
  else if (stats.isDirectory()) archive.entry({ ...header, type: "directory" });
  else if (stats.isFile()) archive.entry(header, await readFile(path));
}

function missing(what: string, path: string): MybrokerError {
  return new MybrokerError({
    code: "build.context",
    message: `${what} ${path} does not exist`,
    hint: "Correct build: in the compose file.",
    exitCode: exitCodes.usage,
    details: { path },
  });
}
