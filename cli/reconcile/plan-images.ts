import { buildImageLabels, imageName } from "../compose/labels.js";
import type { Service } from "../compose/model.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { addStep, type PlanContext } from "./plan-context.js";

/**
 * Pulls and builds what the selected services need: one step an image, however many services use it.
 * @throws MybrokerError images.missing, exit 3, where pulling is forbidden
 */
export function planImages(context: PlanContext): void {
  for (const serviceName of context.services) {
    const service = context.project.services[serviceName];
    if (service === undefined) continue;
    const reference = imageName(context.project, serviceName, service);
    const present = context.observed.images.has(reference);
    if (service.build !== undefined) planBuild(context, { serviceName, service, reference, present });
    else planPull(context, { serviceName, service, reference, present });
  }
}

interface ImageFacts {
  readonly serviceName: string;
  readonly service: Service;
  readonly reference: string;
  readonly present: boolean;
}

function planBuild(context: PlanContext, { serviceName, service, reference, present }: ImageFacts): void {
  const asked = context.options.build || service.pull_policy === "build";
  if (service.build === undefined || (present && !asked)) return;
  addStep(context, {
    action: "build-image",
    name: reference,
    service: serviceName,
    build: service.build,
    labels: buildImageLabels(context.project, serviceName, service),
    cause: present ? "asked for with --build" : "is not on this engine",
  });
}

function planPull(context: PlanContext, { serviceName, service, reference, present }: ImageFacts): void {
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
