import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { composeLabels } from "../compose/label-names.js";
import { composeFileNames } from "../compose/load-files.js";
import type { Project } from "../compose/model.js";
import { normalizeProjectName, requireProjectName } from "../compose/project-name.js";
import { type ConnectOptions, connectEngine } from "../engine/connect.js";
import type { Engine } from "../engine/engine.js";
import { MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest } from "../kernel/command.js";
import { openProject } from "./open-stack.js";

/** A project by its name; with its files where they can be read. */
export interface FoundProject {
  readonly name: string;
  /** Folder whose lock guards the project. */
  readonly folder: string;
  readonly project?: Project;
  readonly engine: Engine;
}

/**
 * For commands that work on what exists: a missing or broken compose or .env file does not stop them. The name then
 * comes from -p, the environment, the labels of containers made from this folder, or what can still be read.
 * Whoever asks closes the engine.
 * @throws MybrokerError what loading said, where no name can be told; exit 3 for the engine
 */
export async function findProject(
  request: CommandRequest,
  options: ConnectOptions = {},
): Promise<FoundProject> {
  const connecting = connectEngine(request.context, options).then((engine) => {
    request.output.useRuntime("docker");
    return engine;
  });
  connecting.catch(() => {});
  let failure: MybrokerError;
  try {
    const { project } = await openProject(request, { missingVariables: "empty" });
    return { name: project.name, folder: project.workingDir, project, engine: await connecting };
  } catch (error) {
    if (!(error instanceof MybrokerError) || !/^(compose|env)\./.test(error.code)) throw error;
    failure = error;
  }
  const engine = await connecting;
  const found = await findByTraces(request, engine).catch((error: unknown) => {
    engine.close();
    throw error;
  });
  if (found === undefined) {
    engine.close();
    throw failure;
  }
  if (failure.code !== "compose.no-file") {
    request.output.warn(`${failure.message}: working on what carries the label of project ${found.name}`);
  }
  return { ...found, engine };
}

type Trace = Pick<FoundProject, "name" | "folder">;

async function findByTraces(request: CommandRequest, engine: Engine): Promise<Trace | undefined> {
  const { context, globals } = request;
  const given = globals.projectName || context.env.COMPOSE_PROJECT_NAME;
  if (given) return { name: requireProjectName(given), folder: context.cwd };
  const start = resolve(context.cwd, globals.projectDirectory ?? ".");
  return (await findByContainers(engine, start)) ?? guessFromFile(start, globals.file);
}

/** The nearest folder upwards from which containers were made. */
async function findByContainers(engine: Engine, start: string): Promise<Trace | undefined> {
  const containers = await engine.listContainers({ labels: [composeLabels.project] });
  const names = new Map(
    containers.map(({ labels }) => [
      labels[composeLabels.workingDir] ?? "",
      labels[composeLabels.project] ?? "",
    ]),
  );
  for (const folder of foldersUpwards(start)) {
    const name = names.get(folder);
    if (name) return { name, folder };
  }
  return undefined;
}

/** A file that cannot be parsed still says its name on a line, or lies in the folder that names it. */
function guessFromFile(start: string, files: readonly string[]): Trace | undefined {
  const candidates =
    files.length > 0
      ? files.map((file) => resolve(start, file))
      : foldersUpwards(start).flatMap((folder) => composeFileNames.map((name) => join(folder, name)));
  const path = candidates.find((candidate) => existsSync(candidate));
  if (path === undefined) return undefined;
  const folder = dirname(path);
  const name = readNameLine(path) ?? normalizeProjectName(basename(folder));
  return name === "" ? undefined : { name, folder };
}

function readNameLine(path: string): string | undefined {
  try {
    return /^name:\s*["']?([a-z0-9][a-z0-9_-]*)["']?\s*(#.*)?$/m.exec(readFileSync(path, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}

function foldersUpwards(start: string): string[] {
  const parent = dirname(start);
  return parent === start ? [start] : [start, ...foldersUpwards(parent)];
}
