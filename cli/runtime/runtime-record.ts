import { dirname, resolve } from "node:path";
import { loadEnvironment } from "../compose/load-environment.js";
import { createLoadRequest } from "../compose/load-request.js";
import { requireProjectName } from "../compose/project-name.js";
import { openProjectState, type ProjectState } from "../env/state-folder.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest } from "../kernel/command.js";
import type { Context } from "../kernel/context.js";
import { openProject } from "../stack/open-stack.js";
import { findRuntimes } from "./find-runtimes.js";
import type { Runtime } from "./runtime.js";

const recordName = "runtime";

/** Runtimes of the projects of one folder, by name: what each one's last `up` chose. */
type Runtimes = Readonly<Record<string, Runtime>>;

/** What an earlier `up` chose for the project that one stands in. */
export interface RecordedRuntime {
  /** Of the project. */
  readonly folder: string;
  /** Known where a choice was recorded. */
  readonly name?: string;
  /** undefined: none was chosen yet. */
  readonly runtime: Runtime | undefined;
}

/**
 * The recorded choice; it also answers where the files are missing or broken, as long as a record was made in this
 * folder or one above. undefined where there is no project at all.
 */
export async function findRecordedRuntime(request: CommandRequest): Promise<RecordedRuntime | undefined> {
  const { context, globals } = request;
  const given = globals.projectName || context.env.COMPOSE_PROJECT_NAME;
  // It becomes part of paths.
  if (given) requireProjectName(given);
  const found = await findFolder(request);
  if (found === undefined) return given ? findElsewhere(context, given) : undefined;
  const { folder, runtimes } = found;
  if (given) return { folder, name: given, runtime: runtimes[given] };
  const [[only, runtime] = [], ...others] = Object.entries(runtimes);
  // The usual case costs no look into the files, which is most of what a command's start takes.
  if (only === undefined || others.length === 0) {
    return { folder, runtime, ...(only === undefined ? {} : { name: only }) };
  }
  const name = (await readProjectName(request).catch(ignoreFiles)) ?? only;
  return { folder, name, runtime: runtimes[name] };
}

/**
 * By its name alone, from a folder without a project.
 * @throws MybrokerError usage.ambiguous-project, exit 2, where several folders have one of that name
 */
function findElsewhere(context: Context, name: string): RecordedRuntime | undefined {
  const named = findRuntimes(context).filter((runtime) => runtime.name === name);
  const running = named.filter(({ pid }) => pid !== undefined);
  const [found, ...others] = running.length > 0 ? running : named;
  if (found === undefined) return undefined;
  if (others.length === 0) return { folder: found.folder, name, runtime: "embedded" };
  throw new MybrokerError({
    code: "usage.ambiguous-project",
    message: `${others.length + 1} folders have a project ${name}`,
    lines: [found, ...others].map(({ folder }) => `  ${folder}`),
    hint: "Go to the one that you mean:",
    exitCode: exitCodes.usage,
    details: { folders: [found, ...others].map(({ folder }) => folder) },
  });
}

/** Remembers the choice where `git clean -fdx` does not reach; a state folder that cannot be written is no failure. */
export async function recordRuntime(state: ProjectState, project: string, runtime: Runtime): Promise<void> {
  const runtimes = await readRuntimes(state);
  if (runtimes[project] === runtime) return;
  await state.writeRecord(recordName, { ...runtimes, [project]: runtime }).catch(() => {});
}

/** Names of the projects of a folder that were ever started. */
export async function listRuntimes(state: ProjectState): Promise<string[]> {
  return Object.keys(await readRuntimes(state));
}

async function readRuntimes(state: ProjectState): Promise<Runtimes> {
  const record = await state.readRecord(recordName);
  if (typeof record !== "object" || record === null) return {};
  const known = Object.entries(record).filter(([, value]) => value === "docker" || value === "embedded");
  return Object.fromEntries(known);
}

async function findFolder(
  request: CommandRequest,
): Promise<{ folder: string; runtimes: Runtimes } | undefined> {
  const { context, globals } = request;
  const read = async (folder: string) => ({
    folder,
    runtimes: await openProjectState(context, folder).then(readRuntimes, () => ({})),
  });
  try {
    return await read((await loadEnvironment(createLoadRequest(context, globals))).workingDir);
  } catch (error) {
    if (!(error instanceof MybrokerError)) throw error;
  }
  for (const folder of foldersUpwards(resolve(context.cwd, globals.projectDirectory ?? "."))) {
    const found = await read(folder);
    if (Object.keys(found.runtimes).length > 0) return found;
  }
  return undefined;
}

/** The name that the files give; nothing of what they hold is told or hidden, which is for the command to do. */
export async function readProjectName(request: CommandRequest): Promise<string> {
  const output = { ...request.output, warn: () => {}, redact: () => {} };
  const { project } = await openProject({ ...request, output }, { missingVariables: "empty" });
  return project.name;
}

function ignoreFiles(error: unknown): undefined {
  if (!(error instanceof MybrokerError)) throw error;
}

function foldersUpwards(start: string): string[] {
  const parent = dirname(start);
  return parent === start ? [start] : [start, ...foldersUpwards(parent)];
}
