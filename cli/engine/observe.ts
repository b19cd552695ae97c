import { composeLabels, ofProject } from "../compose/label-names.js";
import { imageName } from "../compose/labels.js";
import type { Project } from "../compose/model.js";
import { collectFiles, type InlineFile, inlineFilesLabel } from "../reconcile/inline-files.js";
import type { Observed, ObservedContainer, Recipe } from "../reconcile/observed.js";
import type { ContainerDetails, Engine } from "./engine.js";
import type { ImageDetails } from "./images.js";
import { readFileDigests } from "./read-file-digests.js";
import { readRecipe } from "./read-recipe.js";

/**
 * One snapshot of what the engine has of a project: everything with its label, and the networks, volumes and
 * images that the files name. Only reads; in three rounds of parallel calls.
 */
export async function observeProject(engine: Engine, project: Project): Promise<Observed> {
  const services = Object.entries(project.services);
  const inlineFiles = new Map(
    services.map(([name, service]) => [name, collectFiles(project, service).inline] as const),
  );
  const recipes = await readRecipes(project);
  const [labelled, images] = await Promise.all([
    observeLabelled(engine, project.name),
    inspectImages(engine, [
      ...services.map(([name, service]) => imageName(project, name, service)),
      ...[...recipes.values()].flatMap(({ bases }) => bases),
    ]),
  ]);
  const used = labelled.containers.map((container) => container.details.Image);
  const known = new Set([...images.values()].map((image) => image.id));
  const [containers, networks, volumes, olderImages] = await Promise.all([
    Promise.all(
      labelled.containers.map((container) =>
        withFileDigests(engine, container, inlineFiles.get(container.service) ?? []),
      ),
    ),
    findMissing(Object.values(project.networks), labelled.networks, (name) => engine.inspectNetwork(name)),
    findMissing(Object.values(project.volumes), labelled.volumes, (name) => engine.inspectVolume(name)),
    inspectImages(
      engine,
      used.filter((id) => !known.has(id)),
    ),
  ]);
  const byId = [...images.values()].map((image) => [image.id, image] as const);
  return {
    project: project.name,
    containers,
    networks: [...labelled.networks, ...networks],
    volumes: [...labelled.volumes, ...volumes],
    images: new Map([...byId, ...images, ...olderImages]),
    recipes,
  };
}

/** The same without a compose file: whatever carries the project's label. */
export async function observeLabelled(engine: Engine, project: string): Promise<Observed> {
  const label = ofProject(project);
  const [summaries, networks, volumes] = await Promise.all([
    engine.listContainers({ labels: [label] }),
    engine.listNetworks([label]),
    engine.listVolumes([label]),
  ]);
  const details = await Promise.all(summaries.map((summary) => engine.inspectContainer(summary.id)));
  // A container may be removed between the list and its inspection.
  const containers = details.flatMap((found) => (found === undefined ? [] : toObserved(found)));
  // The engine's order is that of creation, which differs from run to run.
  containers.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { project, containers, networks, volumes, images: new Map(), recipes: new Map() };
}

async function readRecipes(project: Project): Promise<Map<string, Recipe>> {
  const services = Object.entries({ ...project.disabledServices, ...project.services });
  const found = await Promise.all(
    services.map(async ([name, service]) => {
      const recipe = service.build === undefined ? undefined : await readRecipe(service.build);
      return recipe === undefined ? [] : [[imageName(project, name, service), recipe] as const];
    }),
  );
  return new Map(found.flat());
}

export function toObserved(details: ContainerDetails): ObservedContainer {
  const labels = details.Config.Labels ?? {};
  return {
    id: details.Id,
    name: details.Name.replace(/^\//, ""),
    service: labels[composeLabels.service] ?? "",
    number: Number(labels[composeLabels.number] ?? 1),
    oneOff: labels[composeLabels.oneOff] === "True",
    labels,
    details,
    fileDigests: parseDigests(labels[inlineFilesLabel]),
  };
}

function parseDigests(label: string | undefined): Record<string, string> {
  try {
    return label === undefined ? {} : (JSON.parse(label) as Record<string, string>);
  } catch {
    return {};
  }
}

/** Compose writes down nowhere what it copied in, so its containers are asked for the files themselves. */
async function withFileDigests(
  engine: Engine,
  container: ObservedContainer,
  wanted: readonly InlineFile[],
): Promise<ObservedContainer> {
  if (wanted.length === 0 || container.labels[inlineFilesLabel] !== undefined) return container;
  const targets = wanted.map((file) => file.target);
  return { ...container, fileDigests: await readFileDigests(engine, container.id, targets) };
}

async function inspectImages(
  engine: Engine,
  references: readonly string[],
): Promise<Map<string, ImageDetails>> {
  const found = await Promise.all(
    [...new Set(references)].map(
      async (reference) => [reference, await engine.inspectImage(reference)] as const,
    ),
  );
  return new Map(found.filter((entry): entry is readonly [string, ImageDetails] => entry[1] !== undefined));
}

/** Things of the files that carry no label of the project: external ones, or made by hand under the same name. */
async function findMissing<Thing extends { readonly name: string }>(
  wanted: readonly { readonly name: string }[],
  found: readonly Thing[],
  inspect: (name: string) => Promise<Thing | undefined>,
): Promise<Thing[]> {
  const names = new Set(found.map((thing) => thing.name));
  const answers = await Promise.all(
    wanted.filter((thing) => !names.has(thing.name)).map((thing) => inspect(thing.name)),
  );
  return answers.filter((thing): thing is Awaited<Thing> => thing !== undefined);
}
