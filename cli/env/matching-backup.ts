import { readFile } from "node:fs/promises";
import type { Project } from "../compose/model.js";
import type { Engine } from "../engine/engine.js";
import { readEnvValues } from "./env-values.js";
import { overlayEnvironment } from "./environment.js";
import { secretKeysOf } from "./example-file.js";
import type { EnvBackup, ProjectState } from "./state-folder.js";
import { compareVolumeSecrets, hasRecordedVolumes } from "./volume-fingerprints.js";

export interface BackupSearch {
  readonly engine: Pick<Engine, "inspectVolume">;
  readonly state: ProjectState;
  readonly projectName: string;
  /** Its marks count beside those of each backup. */
  readonly exampleText: string;
  readonly shell: Readonly<Record<string, string | undefined>>;
  /** The project with every profile, as this environment above .env resolves it. */
  loadProject(environment: Readonly<Record<string, string>>): Promise<Project>;
}

/**
 * The newest copy of .env whose passwords are those that the volumes were made with, as far as that was recorded;
 * where nothing was, simply the newest. The newest alone may be the very file that does not fit.
 */
export async function findMatchingBackup(search: BackupSearch): Promise<EnvBackup | undefined> {
  const { engine, state } = search;
  const backups = await state.listEnvBackups();
  if (!(await hasRecordedVolumes(state, search.projectName))) return backups[0];
  for (const backup of backups) {
    const text = await readFile(backup.path, "utf8");
    const values = readEnvValues(text, backup.path, search.shell);
    const project = await search.loadProject(overlayEnvironment(search.shell, values));
    const secretKeys = secretKeysOf(search.exampleText, text);
    if ((await compareVolumeSecrets({ engine, state, project, secretKeys })).length === 0) return backup;
  }
  return undefined;
}
