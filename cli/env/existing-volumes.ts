import type { Engine } from "../engine/engine.js";

/** Which of these volumes, by their engine names, are there. */
export async function findExistingVolumes(
  engine: Pick<Engine, "inspectVolume">,
  names: readonly string[],
): Promise<Set<string>> {
  const found = await Promise.all(names.map((name) => engine.inspectVolume(name)));
  return new Set(names.filter((_, index) => found[index] !== undefined));
}
