import { buildImageLabels, imageName } from "../compose/labels.js";
import type { Project, Service } from "../compose/model.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { contentLabel } from "./observed.js";
import { addStep, findStep, type PlanContext } from "./plan-context.js";

/**
 * Pulls and builds what the selected services need: one step an image, however many services use it.
 * @throws MybrokerError images.missing, exit 3, where pulling is forbidden
 */
export function planImages(context: PlanContext): void {
  for (const serviceName of context.services) {
    const service = context.project.services[serviceName];
    if (service === undefined) continue;
    const reference = imageName(context.project, serviceName, service);
    const facts = { serviceName, service, reference, present: context.observed.images.has(reference) };
    const builder = service.build === undefined ? findBuilder(context.project, reference) : facts;
    if (builder !== undefined) planBuild(context, { ...facts, ...builder });
    else planPull(context, facts);
  }
}

interface ImageFacts {
  readonly serviceName: string;
  readonly service: Service;
  readonly reference: string;
  readonly present: boolean;
}

/** Services may share an image that only one of them says how to build; that one need not be selected. */
function findBuilder(
  project: Project,
  reference: string,
): Pick<ImageFacts, "serviceName" | "service"> | undefined {
  const all = Object.entries({ ...project.disabledServices, ...project.services });
  const found = all.find(
    ([name, service]) => service.build !== undefined && imageName(project, name, service) === reference,
  );
  return found === undefined ? undefined : { serviceName: found[0], service: found[1] };
}

function planBuild(context: PlanContext, facts: ImageFacts): void {
  const { serviceName, service, reference } = facts;
  const cause = causeToBuild(context, facts);
  if (service.build === undefined || cause === undefined) return;
  const bases = context.observed.recipes.get(reference)?.bases ?? [];
  for (const base of bases) {
    // Only --pull is about a base: pull_policy is about the image itself.
    planPull(context, {
      serviceName,
      service: {},
      reference: base,
      present: context.observed.images.has(base),
    });
  }
  addStep(context, {
    action: "build-image",
    name: reference,
    service: serviceName,
    build: service.build,
    labels: buildImageLabels(context.project, serviceName, service),
    cause,
    dependsOn: bases.flatMap((base) => findStep(context, "pull-image", base)),
  });
}

function causeToBuild({ options, observed }: PlanContext, facts: ImageFacts): string | undefined {
  const { service, reference, present } = facts;
  if (!present) return "is not on this engine";
  if (options.build || service.pull_policy === "build") return "asked for with --build";
  const wanted = observed.recipes.get(reference)?.content;
  const found = observed.images.get(reference)?.labels[contentLabel];
  return wanted === undefined || wanted === found ? undefined : "what it is built from has changed";
}

function planPull(
  context: PlanContext,
  facts: Omit<ImageFacts, "service"> & { readonly service: Pick<Service, "pull_policy" | "platform"> },
): void {
  const { serviceName, service, reference, present } = facts;
  const policy = context.options.pull ?? service.pull_policy ?? "missing";
  if (present && policy !== "always") return;
  if (policy === "never") {
    throw new MybrokerError({
      code: "images.missing",
      message: `the image ${reference} of ${serviceName} is not on this engine, and pulling is switched off`,
      hint: `Pull it:  docker pull ${reference}      or:  {mybroker} up --pull missing`,
      exitCode: exitCodes.machine,
      details: { image: reference, service: serviceName },
    });
  }
  addStep(context, {
    action: "pull-image",
    name: reference,
    service: serviceName,
    cause: present ? "pulled always" : "is not on this engine",
    ...(service.platform === undefined ? {} : { platform: service.platform }),
  });
}
