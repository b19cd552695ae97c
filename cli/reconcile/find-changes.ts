import { composeLabels } from "../compose/label-names.js";
import type { ContainerCreateBody } from "../engine/engine.js";
import { type Change, compareContainer } from "./compare-container.js";
import { digestFile, type InlineFile } from "./inline-files.js";
import type { ObservedContainer } from "./observed.js";
import type { PlanContext } from "./plan-context.js";
import type { ServiceFacts } from "./service-facts.js";
import { finalNameOf } from "./sort-containers.js";

/** Why a container cannot stay: settings, image, networks, name and inline files that differ from the file. */
export function findChanges(
  context: PlanContext,
  facts: ServiceFacts,
  candidate: { container: ObservedContainer; body: ContainerCreateBody; wantedName: string },
): Change[] {
  const { container, body, wantedName } = candidate;
  const { images, networks } = context.observed;
  const { details, labels } = container;
  const hashDiffers = labels[composeLabels.configHash] !== body.Labels?.[composeLabels.configHash];
  const image = images.get(body.Image);
  const changes = compareContainer({ body, details, image: images.get(details.Image) ?? image, hashDiffers });
  if (image !== undefined && image.id !== details.Image) {
    changes.unshift({ key: "image", before: shortId(details.Image), after: shortId(image.id) });
  }
  for (const [name, endpoint] of Object.entries(details.NetworkSettings.Networks)) {
    const current = networks.find((network) => network.name === name)?.id;
    const gone =
      endpoint.NetworkID !== "" &&
      endpoint.NetworkID !== current &&
      name in body.NetworkingConfig.EndpointsConfig;
    if (facts.remade.has(name) || gone) {
      changes.push({ key: `networks.${name}`, before: "another network of that name", after: "attached" });
    }
  }
  const named = facts.service.container_name !== undefined || hashDiffers;
  if (named && container.name !== wantedName && finalNameOf(container) !== wantedName) {
    changes.push({ key: "container_name", before: container.name, after: wantedName });
  }
  return [...changes, ...compareFiles(facts.files, container)];
}

/** "sha256:0123…" -> "0123456789ab" */
function shortId(id: string): string {
  return id.replace(/^sha256:/, "").slice(0, 12);
}

function compareFiles(files: readonly InlineFile[], container: ObservedContainer): Change[] {
  const found = container.fileDigests;
  const wanted = new Set(files.map((file) => file.target));
  const changed = files.flatMap((file) => {
    const digest = digestFile(file);
    const before = found[file.target];
    // Whoever made a container that never started may not have come to copying: the start does it again.
    if (before === digest || (before === undefined && neverStarted(container))) return [];
    return {
      key: file.key,
      ...(before === undefined ? {} : { before: `content ${before}` }),
      after: `content ${digest}`,
    };
  });
  const removed = Object.entries(found)
    .filter(([target]) => !wanted.has(target))
    .map(([target, digest]) => ({ key: `configs at ${target}`, before: `content ${digest}` }));
  return [...changed, ...removed];
}

function neverStarted({ details }: ObservedContainer): boolean {
  return details.State.Status === "created";
}
