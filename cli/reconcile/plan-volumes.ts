import { composeLabels } from "../compose/label-names.js";
import { buildVolumeLabels } from "../compose/labels.js";
import type { Project, Volume } from "../compose/model.js";
import type { VolumeCreateBody, VolumeDetails } from "../engine/engine.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { addStep, type PlanContext } from "./plan-context.js";

/**
 * Makes missing volumes. One that is there is never touched, whatever the file says now: it holds data.
 * @throws MybrokerError compose.external-missing, exit 2
 */
export function planVolumes(context: PlanContext): void {
  for (const key of usedVolumeKeys(context)) {
    const volume = context.project.volumes[key];
    if (volume === undefined) continue;
    const found = context.observed.volumes.find((candidate) => candidate.name === volume.name);
    if (volume.external) {
      if (found === undefined) throw missingExternal(volume.name);
    } else if (found === undefined) {
      const body = buildVolumeBody(context.project, key, volume);
      addStep(context, { action: "create-volume", name: volume.name, cause: "does not exist", body });
    } else {
      warnOfDifferences(context, volume, found);
    }
  }
}

function usedVolumeKeys(context: PlanContext): string[] {
  const keys = context.services.flatMap((name) =>
    (context.project.services[name]?.volumes ?? []).flatMap((mount) =>
      mount.type === "volume" && mount.source !== undefined ? [mount.source] : [],
    ),
  );
  return [...new Set(keys)].sort();
}

export function buildVolumeBody(project: Project, key: string, volume: Volume): VolumeCreateBody {
  return {
    Name: volume.name,
    Labels: buildVolumeLabels(project, key),
    ...(volume.driver ? { Driver: volume.driver } : {}),
    ...(volume.driver_opts ? { DriverOpts: volume.driver_opts } : {}),
  };
}

function warnOfDifferences(context: PlanContext, volume: Volume, found: VolumeDetails): void {
  if (found.labels[composeLabels.project] !== context.project.name) {
    context.warnings.push(`volume ${volume.name} was not made for this project; it is used as it is`);
  }
  const options = volume.driver_opts ?? {};
  const different = [
    ...((volume.driver ?? "local") === found.driver ? [] : ["driver"]),
    ...Object.keys(options)
      .filter((key) => options[key] !== found.options[key])
      .map((key) => `driver_opts.${key}`),
  ];
  if (different.length > 0) {
    context.warnings.push(
      `volume ${volume.name} was made with another ${different.join(", ")} and is kept; only removing it, with its data, applies the new one`,
    );
  }
}

function missingExternal(name: string): MybrokerError {
  return new MybrokerError({
    code: "compose.external-missing",
    message: `the volume ${name} is declared external and does not exist`,
    hint: `Make it:  docker volume create ${name}`,
    exitCode: exitCodes.usage,
    details: { volume: name },
  });
}
