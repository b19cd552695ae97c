import { join } from "node:path";
import type { Project } from "../compose/model.js";
import type { Engine } from "../engine/engine.js";
import type { Context } from "../kernel/context.js";
import { portConflictError } from "../preflight/port-text.js";
import { choosePorts, type PortMove, portKeysOf } from "./choose-ports.js";
import { readEnvValues } from "./env-values.js";
import { overlayEnvironment } from "./environment.js";
import { secretKeysOf } from "./example-file.js";
import { withoutMark } from "./file-mark.js";
import { generateFor } from "./generate-secrets.js";
import { openVault } from "./open-vault.js";
import { type EnvNeeds, type EnvPlan, findEnvNeeds, planEnvFile } from "./plan-env-file.js";
import { type EnvFileOnDisk, readTextFile } from "./read-env-file.js";
import { keepBackup, refuseUnwritable, tightenMode, writeEnvFile } from "./save-env-file.js";

export interface EnsureEnvRequest {
  readonly context: Context;
  /** Absolute; .env and .env.example lie here, beside the compose file. */
  readonly folder: string;
  /** While no .env exists: take free neighbours of taken ports, or refuse. */
  readonly ports: "auto" | "fixed";
  /**
   * --force: the example's values again. Kept are secrets, keys that the example does not have, and names of users
   * and databases that a volume was made with.
   */
  readonly rewrite?: boolean;
  /** Says what would be written, and writes nothing. */
  readonly dryRun?: boolean;
  /** The engine that answers, or undefined; called only where a secret or a port has to be chosen. */
  connect(): Promise<Engine | undefined>;
  /** The project as this environment resolves it, which stands above .env; called only where secrets are missing. */
  loadProject(environment: Readonly<Record<string, string>>): Promise<Project>;
  /** Told each secret, so that nothing prints it later. */
  redact?(secret: string): void;
}

export interface EnsureEnvResult {
  readonly path: string;
  /** "absent": there is neither a .env nor an example to make it from. */
  readonly state: "written" | "updated" | "unchanged" | "absent";
  /** Names of keys; never values. */
  readonly generated: readonly string[];
  readonly recovered: readonly string[];
  readonly derived: readonly string[];
  readonly added: readonly string[];
  readonly portsMoved: readonly PortMove[];
  /** Copy of the .env that was replaced. */
  readonly backup?: string;
  readonly warnings: readonly string[];
  /** Names of all keys that are marked `# secret` in .env or .env.example. */
  readonly secretKeys: ReadonlySet<string>;
}

/** What is there before anything is decided. */
interface Situation {
  readonly envPath: string;
  readonly exampleText: string;
  readonly current: EnvFileOnDisk | undefined;
  readonly needs: EnvNeeds;
}

/**
 * Makes .env from .env.example, or adds what it lacks; never overwrites a value, and changes nothing where
 * nothing is missing. Secrets that existing volumes were made with are read back from their containers.
 *
 * @throws MybrokerError env.locked-out, ports.taken, env.permission, env.read-only, env.disk-full (exit 3);
 *   env.wrong-file, env.symbolic-link, and what a malformed .env or compose file gives (exit 2)
 */
export async function ensureEnv(request: EnsureEnvRequest): Promise<EnsureEnvResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ensureOnce(request);
    } catch (error) {
      // Another run made the file meanwhile: its secrets are as good as ours, and two sets would lock one out.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt === 3) throw error;
    }
  }
}

async function ensureOnce(request: EnsureEnvRequest): Promise<EnsureEnvResult> {
  const situation = await look(request);
  const { envPath, exampleText, current } = situation;
  const secretKeys = secretKeysOf(exampleText, current?.text);
  if (situation.exampleText === "" && current === undefined) return { ...nothingDone(envPath), secretKeys };
  const chosen = await chooseValues(request, situation);
  const plan = planEnvFile({
    exampleText,
    currentText: current?.text,
    rewrite: request.rewrite ?? false,
    values: chosen.values,
    generate: generateFor,
    parse: (text) => readEnvValues(text, envPath, request.context.env),
  });
  const saved = await save(request, situation, plan);
  const values = readEnvValues(plan.text, envPath, request.context.env);
  for (const key of secretKeys) request.redact?.(values[key] ?? "");
  return {
    path: envPath,
    state: stateOf(current?.text, plan.text),
    generated: plan.generated,
    recovered: chosen.recovered,
    derived: plan.derived,
    added: plan.added,
    portsMoved: chosen.portsMoved,
    ...(saved.backup === undefined ? {} : { backup: saved.backup }),
    warnings: [...chosen.warnings, ...saved.warnings],
    secretKeys,
  };
}

async function look({ folder, context }: EnsureEnvRequest): Promise<Situation> {
  const envPath = join(folder, ".env");
  const [current, example] = await Promise.all([
    readTextFile(envPath),
    readTextFile(join(folder, ".env.example")),
  ]);
  // Malformed: said before anything is decided from it.
  if (current !== undefined) readEnvValues(current.text, envPath, context.env);
  // The mark is about the example; .env is the user's from the start.
  const exampleText = withoutMark(example?.text ?? "");
  return { envPath, exampleText, current, needs: findEnvNeeds(exampleText, current?.text) };
}

function nothingDone(path: string): Omit<EnsureEnvResult, "secretKeys"> {
  const none = { generated: [], recovered: [], derived: [], added: [], portsMoved: [], warnings: [] };
  return { path, state: "absent", ...none };
}

function stateOf(before: string | undefined, after: string): EnsureEnvResult["state"] {
  if (before === undefined) return "written";
  return before === after ? "unchanged" : "updated";
}

interface ChosenValues {
  /** Raw, as they stand in the file. */
  readonly values: ReadonlyMap<string, string>;
  readonly recovered: readonly string[];
  readonly portsMoved: readonly PortMove[];
  readonly warnings: readonly string[];
}

async function chooseValues(request: EnsureEnvRequest, situation: Situation): Promise<ChosenValues> {
  const choosesPorts = situation.current === undefined || request.rewrite === true;
  const choosesSecrets = situation.needs.secrets.length > 0;
  if (!choosesPorts && !choosesSecrets)
    return { values: new Map(), recovered: [], portsMoved: [], warnings: [] };
  const engine = await request.connect();
  try {
    const vault = await openVault({
      ...request,
      engine,
      exampleText: situation.exampleText,
      environment: environmentFor(request, situation),
      keys: situation.needs.secrets,
      currentValues:
        situation.current && readEnvValues(situation.current.text, situation.envPath, request.context.env),
    });
    const { projectName, recovered, warnings } = vault;
    const portsMoved = choosesPorts ? await movePorts(request, situation, { engine, projectName }) : [];
    const ports = portsMoved.map(({ key, to }): [string, string] => [key, String(to)]);
    // The example's names in place of those that a database was made with would lock out as a password does.
    const names = request.rewrite === true ? vault.accountNames : [];
    return {
      values: new Map([...recovered, ...names, ...ports]),
      recovered: situation.needs.secrets.filter((key) => recovered.has(key)),
      portsMoved,
      warnings,
    };
  } finally {
    engine?.close();
  }
}

function readExampleValues(request: EnsureEnvRequest, situation: Situation): Record<string, string> {
  return readEnvValues(situation.exampleText, join(request.folder, ".env.example"), request.context.env);
}

/** The environment above .env: the example's values for keys that .env lacks, then the shell's. */
function environmentFor(request: EnsureEnvRequest, situation: Situation): Record<string, string> {
  const example = readExampleValues(request, situation);
  const missing = new Set(situation.needs.missing);
  const defaults = Object.fromEntries(Object.entries(example).filter(([key]) => missing.has(key)));
  return overlayEnvironment(request.context.env, defaults);
}

async function movePorts(
  request: EnsureEnvRequest,
  situation: Situation,
  { engine, projectName }: { engine: Engine | undefined; projectName: string },
): Promise<readonly PortMove[]> {
  const { context } = request;
  const values = readExampleValues(request, situation);
  const choice = await choosePorts({
    bindings: portKeysOf(values, context.env),
    containers: (await engine?.listContainers({ all: false })) ?? [],
    projectName,
    platform: context.platform,
    local: engine === undefined || engine.endpoint.hostAddress === "127.0.0.1",
  });
  const refused = request.ports === "fixed" ? choice.moves.map(({ conflict }) => conflict) : [];
  if (refused.length + choice.stuck.length > 0) throw portConflictError([...refused, ...choice.stuck]);
  return choice.moves;
}

async function save(
  request: EnsureEnvRequest,
  situation: Situation,
  plan: EnvPlan,
): Promise<{ backup?: string; warnings: string[] }> {
  const { current, envPath } = situation;
  if (request.dryRun === true) return { warnings: [] };
  if (current?.text === plan.text) {
    // Nothing was replaced, so a copy that cannot be kept is no news.
    await keepBackup(request.context, request.folder, plan.text);
    return { warnings: await tightenMode(current, request.context.uid) };
  }
  if (current !== undefined) refuseUnwritable(current, request.context.uid);
  const before =
    current === undefined
      ? { warnings: [] }
      : await keepBackup(request.context, request.folder, current.text, request.rewrite === true);
  await writeEnvFile({ path: envPath, text: plan.text, current, uid: request.context.uid });
  // The new text too: it is what brings the passwords back when .env and the containers are gone.
  const after = await keepBackup(request.context, request.folder, plan.text);
  return {
    ...("path" in before && before.path !== undefined ? { backup: before.path } : {}),
    warnings: [...new Set([...before.warnings, ...after.warnings])],
  };
}
