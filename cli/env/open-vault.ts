import type { Project } from "../compose/model.js";
import type { Engine } from "../engine/engine.js";
import type { Context } from "../kernel/context.js";
import { findExistingVolumes } from "./existing-volumes.js";
import { lockedOutError } from "./locked-out.js";
import { findMatchingBackup } from "./matching-backup.js";
import { quoteEnvValue } from "./parse-env-file.js";
import { recoverSecrets } from "./recover-secrets.js";
import { findAccountNames } from "./secret-places.js";
import { openProjectState, type ProjectState } from "./state-folder.js";
import { hasRecordedVolumes } from "./volume-fingerprints.js";

export interface VaultRequest {
  readonly context: Context;
  readonly folder: string;
  readonly engine: Engine | undefined;
  readonly exampleText: string;
  /** Above .env: the example's values for keys that .env lacks, then the shell's. */
  readonly environment: Readonly<Record<string, string>>;
  /** Secrets without a value. */
  readonly keys: readonly string[];
  /** What .env says today; undefined where there is none. */
  readonly currentValues: Readonly<Record<string, string>> | undefined;
  loadProject(environment: Readonly<Record<string, string>>): Promise<Project>;
}

/** What volumes of an earlier run decide about a new .env. */
export interface Vault {
  readonly projectName: string;
  /** Raw values, as they stand in a .env. */
  readonly recovered: ReadonlyMap<string, string>;
  /** Raw values of today's names of users and databases that a volume knows them by. */
  readonly accountNames: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

/**
 * Asks the engine what earlier runs left there. Reads only.
 * @throws MybrokerError env.locked-out where a volume's password is nowhere to be found
 */
export async function openVault(request: VaultRequest): Promise<Vault> {
  const state = await openProjectState(request.context, request.folder).catch(() => undefined);
  return request.engine === undefined
    ? openBlindly(request, state)
    : openWithEngine(request, { engine: request.engine, state });
}

async function openBlindly(request: VaultRequest, state: ProjectState | undefined): Promise<Vault> {
  const project = await request.loadProject(request.environment);
  const risky =
    request.keys.length > 0 && state !== undefined && (await hasRecordedVolumes(state, project.name));
  return {
    projectName: project.name,
    recovered: new Map(),
    accountNames: keepNames(
      request,
      findAccountNames(project, () => true),
    ),
    warnings: risky ? [describeUnseen(project.name, (await state.listEnvBackups())[0]?.path)] : [],
  };
}

async function openWithEngine(
  request: VaultRequest,
  { engine, state }: { engine: Engine; state: ProjectState | undefined },
): Promise<Vault> {
  const { context, environment, exampleText, folder, keys } = request;
  const { project, found, lost } = await recoverSecrets({
    engine,
    keys,
    withNames: request.currentValues === undefined,
    loadProject: (values) => request.loadProject({ ...environment, ...values }),
  });
  const projectName = project.name;
  if (lost.length > 0) {
    const { loadProject } = request;
    const search = { engine, projectName, exampleText, shell: context.env, loadProject };
    const backup = state === undefined ? undefined : await findMatchingBackup({ ...search, state });
    throw lockedOutError({ folder, projectName, lost, backup });
  }
  const names = Object.values(project.volumes).map(({ name }) => name);
  const there = await findExistingVolumes(engine, names);
  return {
    projectName,
    recovered: new Map([...found].map(([key, value]) => [key, quoteEnvValue(value)])),
    accountNames: keepNames(
      request,
      findAccountNames(project, (volume) => there.has(volume)),
    ),
    warnings: [],
  };
}

function keepNames({ currentValues }: VaultRequest, names: readonly string[]): Map<string, string> {
  const kept = names.flatMap((key): [string, string][] => {
    const value = currentValues?.[key];
    return value === undefined ? [] : [[key, quoteEnvValue(value)]];
  });
  return new Map(kept);
}

function describeUnseen(projectName: string, backup: string | undefined): string {
  const hint = backup === undefined ? "" : ` An older .env is kept at ${backup}.`;
  return `No engine answers, so nobody knows whether volumes of project ${projectName} still hold other passwords.${hint}`;
}
