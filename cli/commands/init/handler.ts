import { relative, resolve } from "node:path";
import { loadEnvironment } from "../../compose/load-environment.js";
import { createLoadRequest, type LoadRequest } from "../../compose/load-request.js";
import { connectEngine } from "../../engine/connect.js";
import type { Engine } from "../../engine/engine.js";
import { copyProject } from "../../env/copy-project.js";
import { describeEnvResult, describeRotation } from "../../env/describe-env.js";
import { type EnsureEnvResult, ensureEnv } from "../../env/ensure-env.js";
import { explainFolderError } from "../../env/file-errors.js";
import { makeFolder } from "../../env/make-folder.js";
import { createRecoveryLoader } from "../../env/recovery-loader.js";
import { type RotateEnvResult, rotateEnv } from "../../env/rotate-env.js";
import { hasRecordedVolumes } from "../../env/volume-fingerprints.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import { quoteForShell } from "../../errors/quote-for-shell.js";
import type { CommandHandler, CommandRequest, CommandResult } from "../../kernel/command.js";
import { describeHolder } from "../../preflight/port-text.js";
import { findEmbeddedPlace, tellRuntime } from "../../runtime/by-runtime.js";
import { describeFiles, filesToData, type InitPlace } from "./describe-files.js";

/** `init`: what is missing in the folder is made, what nobody changed is refreshed; what is the user's stays. */
export const initProject: CommandHandler = async (request) => {
  const { context, globals, output, options } = request;
  if (globals.envFile.length > 0) throw refuseEnvFile();
  await tellRuntime(request);
  const load = await chooseFolder(request);
  const dryRun = globals.dryRun;
  const folder = load.cwd;
  const { packageRoot, version } = context;
  const copied = await copyProject({ packageRoot, version, folder, dryRun });
  const place = { context, folder, copied };
  // A compose file that is only to be made cannot be read yet.
  if (dryRun && copied.made.includes("docker-compose.yml")) return describeNewProject(place);
  const { workingDir } = await loadEnvironment(load);
  const loadForRecovery = createRecoveryLoader(load);
  const result = await ensureEnv({
    context,
    folder: workingDir,
    ports: options.ports === "fixed" ? "fixed" : "auto",
    rewrite: options.force === true,
    dryRun,
    connect: () => connectIfThere(request),
    loadProject: loadForRecovery,
    redact: (secret) => output.redact(secret),
  });
  for (const warning of result.warnings) output.warn(warning);
  // Secrets that are a moment old need no change.
  const stale = result.state !== "written" || result.recovered.length > 0;
  const rotation =
    options.rotate === true && stale ? await rotate(request, workingDir, loadForRecovery) : undefined;
  return describeInit({ ...place, folder: workingDir, result, rotation, dryRun });
};

async function rotate(
  request: CommandRequest,
  folder: string,
  load: ReturnType<typeof createRecoveryLoader>,
): Promise<RotateEnvResult> {
  const { context, globals, output } = request;
  const engine = await connectForRotation(request, folder);
  try {
    const redact = (secret: string) => output.redact(secret);
    return await rotateEnv({ context, folder, engine, dryRun: globals.dryRun, loadProject: load, redact });
  } finally {
    engine?.close();
  }
}

/**
 * Embedded stores have no passwords, so that no engine is needed for them, unless containers of the project have
 * made volumes before.
 */
async function connectForRotation(request: CommandRequest, folder: string): Promise<Engine | undefined> {
  try {
    return await connectEngine(request.context);
  } catch (error) {
    const place = await findEmbeddedPlace(request);
    const isEmbedded =
      place?.projectFolder === folder && !(await hasRecordedVolumes(place.state, place.name));
    if (!isEmbedded || !(error instanceof MybrokerError)) throw error;
    return undefined;
  }
}

/** The load request of the folder that is meant: the named one, the project's, or, where there is none, this one. */
async function chooseFolder({ context, globals, args }: CommandRequest): Promise<LoadRequest> {
  const load = createLoadRequest(context, globals);
  const [named] = args;
  if (named !== undefined) {
    const folder = resolve(context.cwd, named);
    if (!globals.dryRun) {
      try {
        makeFolder(folder);
      } catch (error) {
        throw explainFolderError(error, `Cannot make ${folder}`, folder);
      }
    }
    const { projectDirectory: _, ...rest } = load;
    return { ...rest, cwd: folder, files: [] };
  }
  try {
    return {
      ...load,
      cwd: (await loadEnvironment(load)).workingDir,
      files: load.files.map((file) => resolve(context.cwd, file)),
    };
  } catch (error) {
    if (error instanceof MybrokerError && error.code === "compose.no-file") return load;
    throw error;
  }
}

/** Without an engine .env can be made all the same; what that means for secrets ensureEnv says. */
async function connectIfThere({ context, output }: CommandRequest): Promise<Engine | undefined> {
  try {
    return await connectEngine(context);
  } catch (error) {
    if (!(error instanceof MybrokerError)) throw error;
    output.debug(`no engine: ${error.message}`);
    return undefined;
  }
}

interface InitOutcome extends InitPlace {
  readonly result: EnsureEnvResult;
  readonly rotation: RotateEnvResult | undefined;
  readonly dryRun: boolean;
}

function describeInit({ result, rotation, dryRun, ...place }: InitOutcome): CommandResult {
  const { warnings: _, secretKeys: __, portsMoved, ...env } = result;
  const rotated = rotation === undefined ? [] : describeRotation(rotation);
  const lines = [...describeFiles(place), ...describeEnvResult(result), ...rotated];
  const nothing =
    result.state === "absent"
      ? "There is no .env.example to make a .env from."
      : ".env is complete; nothing to do.";
  const note = dryRun && lines.length > 0 ? ["A dry run: nothing was written. It would be:"] : [];
  const moves = portsMoved.map(({ key, from, to, conflict }) => ({
    key,
    from,
    to,
    takenBy: describeHolder(conflict.holder),
  }));
  const failed = rotation?.kept.some((kept) => kept.failed) ?? false;
  return {
    data: {
      ...filesToData(place),
      dryRun,
      env: { ...env, backup: env.backup ?? null, portsMoved: moves },
      rotation: rotation ?? null,
    },
    text: [...note, ...(lines.length === 0 ? [nothing] : lines), "", `Next:  ${nextCommand(place)}`],
    exitCode: failed ? exitCodes.no : exitCodes.done,
  };
}

function describeNewProject(place: InitPlace): CommandResult {
  const { copied } = place;
  const shown = { ...place, copied: { ...copied, made: [...copied.made, ".env"] } };
  return {
    data: { ...filesToData(place), dryRun: true, env: null, rotation: null },
    text: ["A dry run: nothing was written. It would be:", ...describeFiles(shown)],
  };
}

/** From where the user stands: the project may be a folder further. */
function nextCommand({ context, folder }: InitPlace): string {
  const way = relative(context.cwd, folder);
  // Below the project every command finds it.
  const isThere = way === "" || /^(\.\.\/?)+$/.test(way);
  return isThere
    ? "{mybroker} up"
    : `cd ${quoteForShell(way.startsWith("..") ? folder : way)} && {mybroker} up`;
}

function refuseEnvFile(): MybrokerError {
  return new MybrokerError({
    code: "usage.env-file",
    message: "init makes the .env of the project's folder and takes no --env-file",
    hint: "{mybroker} init",
    exitCode: exitCodes.usage,
  });
}
