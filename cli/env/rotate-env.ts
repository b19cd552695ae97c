import { join } from "node:path";
import type { Project } from "../compose/model.js";
import type { Engine } from "../engine/engine.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { quoteForShell } from "../errors/quote-for-shell.js";
import type { Context } from "../kernel/context.js";
import { lockProject } from "../preflight/lock.js";
import { readEnvValues } from "./env-values.js";
import { optionalKeysOf, secretKeysOf } from "./example-file.js";
import { findExistingVolumes } from "./existing-volumes.js";
import { generateFor, sourceOfDerivedKey } from "./generate-secrets.js";
import { planEnvFile } from "./plan-env-file.js";
import { type KeptSecret, planRotation, type RotationPlan } from "./plan-rotation.js";
import { type EnvFileOnDisk, readTextFile } from "./read-env-file.js";
import { rotateInServers } from "./rotate-secrets.js";
import { keepBackup, refuseUnwritable, writeEnvFile } from "./save-env-file.js";
import { openProjectState, type ProjectState } from "./state-folder.js";
import { forgetVolumeSecrets, recordVolumeSecrets } from "./volume-fingerprints.js";

export interface RotateEnvRequest {
  readonly context: Context;
  /** Absolute; its .env is complete (ensureEnv). */
  readonly folder: string;
  /** undefined: the project has no volumes, so that no server keeps a secret. */
  readonly engine: Engine | undefined;
  readonly dryRun: boolean;
  /** The project with every profile, as this environment above .env resolves it. */
  loadProject(environment: Readonly<Record<string, string | undefined>>): Promise<Project>;
  redact(secret: string): void;
}

export interface RotateEnvResult {
  /** Names of keys. */
  readonly rotated: readonly string[];
  readonly kept: readonly KeptSecret[];
  /** Services whose servers took a new password. */
  readonly servers: readonly string[];
  readonly backup?: string;
}

/**
 * New secrets: first in the running servers that keep theirs in a volume, then in .env. A key that a server refuses
 * keeps its value on both sides. Both texts lie outside the clone before the first server is touched, so that a
 * run that is killed half-way costs nothing but a look there.
 *
 * @throws MybrokerError project.busy, state.unavailable, env.symbolic-link, env.permission, env.disk-full
 */
export async function rotateEnv(request: RotateEnvRequest): Promise<RotateEnvResult> {
  const { context, folder, engine } = request;
  const path = join(folder, ".env");
  const current = await readTextFile(path);
  if (current === undefined) return { rotated: [], kept: [], servers: [] };
  refuseUnwritable(current, context.uid);
  const project = await request.loadProject(context.env);
  const texts = [current.text, (await readTextFile(join(folder, ".env.example")))?.text];
  const secretKeys = secretKeysOf(...texts);
  const foreign = optionalKeysOf(...texts);
  const keys = rotatable(readEnvValues(current.text, path, context.env), secretKeys).filter(
    (key) => !foreign.has(key),
  );
  const names = Object.values(project.volumes).map(({ name }) => name);
  const volumes = engine === undefined ? new Set<string>() : await findExistingVolumes(engine, names);
  const plan = planRotation({ project, keys, shell: context.env, volumes });
  const planned = [...plan.keys.keys()];
  if (request.dryRun) return { rotated: planned, kept: plan.kept, servers: serversOf(plan, planned) };
  const state = await openProjectState(context, folder);
  const unlock = lockProject(state.folder, project.name, "init --rotate");
  try {
    return await carryOut(request, { current, project, secretKeys, plan, state });
  } finally {
    unlock();
  }
}

interface Preparation {
  readonly current: EnvFileOnDisk;
  readonly project: Project;
  readonly secretKeys: ReadonlySet<string>;
  readonly plan: RotationPlan;
  readonly state: ProjectState;
}

async function carryOut(request: RotateEnvRequest, preparation: Preparation): Promise<RotateEnvResult> {
  const { context, folder, engine } = request;
  const { current, project, secretKeys, plan, state } = preparation;
  const { path } = current;
  const fresh = new Map([...plan.keys.keys()].map((key): [string, string] => [key, generateFor(key)]));
  for (const secret of fresh.values()) request.redact(secret);
  const textWith = (values: ReadonlyMap<string, string>) => rewrite(current.text, values, { path, context });
  const ahead = await keepBackup(context, folder, textWith(fresh), true);
  const backup = await keepBackup(context, folder, current.text, true);
  await forgetVolumeSecrets(state, project);
  const { changePassword } = await import("../ready/change-password.js");
  const rotation = await rotateInServers({ engine, project, plan, fresh, changePassword });
  const text = textWith(rotation.changed);
  try {
    if (rotation.changed.size > 0) await writeEnvFile({ path, text, current, uid: context.uid });
  } catch (error) {
    await rotation.undo().catch((cause: unknown) => {
      throw splitError(ahead.path ?? "", path, cause);
    });
    throw error;
  }
  await keepBackup(context, folder, text);
  if (engine !== undefined) {
    await recordVolumeSecrets({ engine, state, project: await request.loadProject(context.env), secretKeys });
  }
  const rotated = [...rotation.changed.keys()];
  return {
    rotated,
    kept: rotation.kept,
    servers: serversOf(plan, rotated),
    ...(backup.path === undefined ? {} : { backup: backup.path }),
  };
}

function serversOf(plan: RotationPlan, keys: readonly string[]): string[] {
  return [...new Set(keys.flatMap((key) => plan.keys.get(key) ?? []).map(({ service }) => service))];
}

/** The worst that can happen: neither could .env be written nor the old password be given back. */
function splitError(copy: string, path: string, cause: unknown): MybrokerError {
  return new MybrokerError({
    code: "env.rotation-split",
    message: `The servers have new passwords, and ${path} could not be written.`,
    hint: `Put the new .env in place yourself:  cp ${quoteForShell(copy)} ${quoteForShell(path)}`,
    exitCode: exitCodes.machine,
    details: { copy },
    cause,
  });
}

function rotatable(values: Readonly<Record<string, string>>, secretKeys: ReadonlySet<string>): string[] {
  return [...secretKeys].filter((key) => {
    const derived = values[sourceOfDerivedKey(key) ?? ""] !== undefined;
    return !derived && (values[key] ?? "") !== "";
  });
}

/** The .env with these values, and the hashes that follow from them. */
function rewrite(
  currentText: string,
  values: ReadonlyMap<string, string>,
  { path, context }: { path: string; context: Context },
): string {
  const parse = (text: string) => readEnvValues(text, path, context.env);
  return planEnvFile({ exampleText: "", currentText, rewrite: false, values, generate: generateFor, parse })
    .text;
}
