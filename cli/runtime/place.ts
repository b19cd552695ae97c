import { createHash } from "node:crypto";
import { lstatSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { makeFolder } from "../env/make-folder.js";
import { openProjectState, type ProjectState } from "../env/state-folder.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { Context } from "../kernel/context.js";

/** Where a project's embedded runtime keeps what it has. All below a folder that only its owner may enter. */
export interface Place {
  /** Of the project. */
  readonly name: string;
  /** Of the project's files. */
  readonly projectFolder: string;
  readonly state: ProjectState;
  readonly folder: string;
  readonly dataFolder: string;
  readonly socketPath: string;
  readonly logPath: string;
  /** What the process writes to its stderr: nothing, unless it crashes. */
  readonly crashPath: string;
}

/** Two clones, or two names in one, are two places. Creates nothing. */
export async function findPlace(
  context: Context,
  project: { readonly name: string; readonly folder: string },
): Promise<Place> {
  const state = await openProjectState(context, project.folder);
  const folder = join(state.folder, "embedded", project.name);
  return {
    name: project.name,
    projectFolder: project.folder,
    state,
    folder,
    dataFolder: join(folder, "data"),
    socketPath: chooseSocketPath(folder, context),
    logPath: join(folder, "log", "runtime.log"),
    crashPath: join(folder, "log", "crash.log"),
  };
}

/** The file of a store, as the runtime names it. */
export function storePathOf({ dataFolder }: Pick<Place, "dataFolder">, service: string): string {
  return join(dataFolder, "stores", `${service}.sqlite`);
}

/** sun_path has 104 bytes on macOS and 108 on Linux, the closing NUL included. */
const longestSocketPathBytes = 103;

function chooseSocketPath(folder: string, { env, uid }: Context): string {
  const path = join(folder, "control.sock");
  if (Buffer.byteLength(path) <= longestSocketPathBytes) return path;
  const runtimeFolder = env.XDG_RUNTIME_DIR;
  const base =
    runtimeFolder !== undefined && isAbsolute(runtimeFolder) && Buffer.byteLength(runtimeFolder) < 60
      ? join(runtimeFolder, "mybroker")
      : join(tmpdir(), `mybroker-${uid ?? "user"}`);
  const digest = createHash("sha256").update(folder).digest("hex").slice(0, 16);
  return join(base, `${digest}.sock`);
}

/**
 * Makes the folder of the socket. One that lies among other users' files must be this user's alone.
 * @throws MybrokerError embedded.socket-folder, exit 3
 */
export function makeSocketFolder({ socketPath }: Place, uid: number | undefined): void {
  const folder = dirname(socketPath);
  makeFolder(folder, 0o700);
  const facts = lstatSync(folder);
  const ours = facts.isDirectory() && (uid === undefined || facts.uid === uid) && (facts.mode & 0o077) === 0;
  if (ours) return;
  throw new MybrokerError({
    code: "embedded.socket-folder",
    message: `${folder} is not a folder of yours alone, and the runtime's socket was to lie there`,
    hint: "remove it, or name a private one:  export XDG_RUNTIME_DIR=/path/to/folder",
    exitCode: exitCodes.machine,
    details: { folder },
  });
}
