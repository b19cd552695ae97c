import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { ProjectState } from "../env/state-folder.js";
import { hasRecordedVolumes } from "../env/volume-fingerprints.js";
import type { Context } from "../kernel/context.js";
import { findPlace } from "./place.js";
import type { Runtime } from "./runtime.js";
import { listRuntimes } from "./runtime-record.js";

/** Whether a project that ran in both places has something left in the other one. */
export async function hasDataElsewhere(
  context: Context,
  project: { readonly name: string; readonly folder: string },
  here: Runtime,
): Promise<boolean> {
  const { state, folder } = await findPlace(context, project);
  return here === "docker" ? list(folder).includes("data") : hasRecordedVolumes(state, project.name);
}

/**
 * After all of a project is gone, its notes go as well; the backups of .env stay. Another project of the same folder
 * keeps them: they are its notes, too.
 */
export async function forgetProject(state: ProjectState, name: string): Promise<void> {
  const others = (await listRuntimes(state)).filter((other) => other !== name);
  if (others.length + list(join(state.folder, "embedded")).length === 0) await state.removeNotes();
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
