import { loadEnvironment } from "../compose/load-environment.js";
import { loadProject } from "../compose/load-project.js";
import { createLoadRequest } from "../compose/load-request.js";
import type { Project } from "../compose/model.js";
import { connectEngine } from "../engine/connect.js";
import type { Engine } from "../engine/engine.js";
import { secretKeysOf } from "../env/example-file.js";
import { markedFiles } from "../env/marked-files.js";
import { readTextFile } from "../env/read-env-file.js";
import type { CommandRequest } from "../kernel/command.js";
import { mask } from "../kernel/mask.js";

export interface OpenOptions {
  /** "empty" where nothing that variables decide matters. */
  readonly missingVariables: "error" | "empty";
  /** Named services: the profiles that they are in are switched on. */
  readonly services?: readonly string[];
  /** Profiles that are switched on in any case. */
  readonly moreProfiles?: readonly string[];
}

/** The project as its files say, and the engine that it runs on. Whoever opens it closes the engine. */
export interface Stack {
  readonly project: Project;
  readonly engine: Engine;
  /** Names of the keys that are marked `# secret`. */
  readonly secretKeys: ReadonlySet<string>;
}

/**
 * Loads the files while the engine is being connected.
 * @throws MybrokerError, exit 2 for what is wrong in the files, exit 3 for the engine
 */
export async function openStack(request: CommandRequest, options: OpenOptions): Promise<Stack> {
  const connecting = connectEngine(request.context).then((engine) => {
    request.output.useRuntime("docker");
    return engine;
  });
  // A mistake in the user's files is told before an absent engine.
  connecting.catch(() => {});
  let loaded: LoadedProject;
  try {
    loaded = await openProject(request, options);
  } catch (error) {
    (await connecting.catch(() => undefined))?.close();
    throw error;
  }
  return { ...loaded, engine: await connecting };
}

export type LoadedProject = Pick<Stack, "project" | "secretKeys">;

/** Loads the files; from here on no value of a secret key is printed. */
export async function openProject(request: CommandRequest, options: OpenOptions): Promise<LoadedProject> {
  const { context, globals, output } = request;
  const project = await loadProject(
    createLoadRequest(context, globals, {
      missingVariables: options.missingVariables,
      warn: (text) => output.warn(text),
      ...(options.services === undefined ? {} : { services: options.services }),
      ...(options.moreProfiles === undefined ? {} : { moreProfiles: options.moreProfiles }),
    }),
  );
  const secretKeys = await findSecretKeys(project);
  for (const key of secretKeys) output.redact(project.environment[key] ?? "");
  return { project, secretKeys };
}

/** The same request for who looks at all services, whatever profiles they are in. */
export function withAllProfiles(request: CommandRequest): CommandRequest {
  return { ...request, globals: { ...request.globals, profile: ["*"] } };
}

/** For what fails before the project is open: a secret that was typed in a wrong place is not told back. */
export async function redactSecrets({
  context,
  globals,
  output,
}: Pick<CommandRequest, "context" | "globals" | "output">): Promise<void> {
  // Where the file that was named is not there, the project of this folder may be what was meant.
  for (const place of [globals, { ...globals, file: [], envFile: [] }]) {
    try {
      const sources = await loadEnvironment(createLoadRequest(context, place));
      for (const key of await findSecretKeys(sources)) output.redact(sources.environment[key] ?? "");
    } catch {
      // Where no project is found none of its secrets is known.
    }
  }
}

/** The project as it resolves with a mask in the place of every secret: of a short or ordinary one too. */
export async function openMaskedProject(request: CommandRequest, options: OpenOptions): Promise<Project> {
  const { project, secretKeys } = await openProject(request, options);
  // An optional secret that is empty hides nothing, and a mask would say that there is a value.
  const masked = [...secretKeys].filter((key) => project.environment[key] !== "");
  const masks = Object.fromEntries(masked.map((key) => [key, mask]));
  const env = { ...request.context.env, ...masks };
  const services = options.services === undefined ? {} : { services: options.services };
  return loadProject({ ...createLoadRequest(request.context, request.globals, services), env });
}

async function findSecretKeys(sources: Parameters<typeof markedFiles>[0]): Promise<Set<string>> {
  const reads = markedFiles(sources).map((path) => readTextFile(path).catch(() => undefined));
  const files = await Promise.all(reads);
  return secretKeysOf(...files.map((file) => file?.text));
}
