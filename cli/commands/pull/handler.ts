import type { Project, Service } from "../../compose/model.js";
import { domainProfile } from "../../compose/profiles.js";
import { readRecipe } from "../../engine/read-recipe.js";
import type { CommandHandler } from "../../kernel/command.js";
import type { Output } from "../../output/output.js";
import { countOf, formatBytes } from "../../output/units.js";
import { onDockerOnly } from "../../runtime/by-runtime.js";
import { openStack } from "../../stack/open-stack.js";
import { pullImages, type WantedImage } from "../../stack/pull-images.js";
import { checkServiceNames } from "../../stack/service-names.js";

/** `pull`: of an image that is built here, what it is built on. */
const pullImagesOfStack: CommandHandler = async (request) => {
  const { args, context, output, options } = request;
  const stack = await openStack(request, {
    missingVariables: "empty",
    services: args,
    moreProfiles: [domainProfile],
  });
  try {
    checkServiceNames(args, Object.keys(stack.project.services));
    const images = (
      await Promise.all(
        Object.entries(stack.project.services)
          .filter(([name]) => args.length === 0 || args.includes(name))
          .map(([, service]) => imagesOf(service, stack.project)),
      )
    ).flat();
    const references = [...new Set(images.map((image) => image.reference))];
    const project = stack.project.name;
    if (request.globals.dryRun) {
      return {
        project,
        data: { images: references, bytes: 0 },
        text: references.map((image) => `would pull ${image}`),
      };
    }
    const shown: Output = options.quiet === true ? { ...output, progress: () => {} } : output;
    const bytes = await pullImages(stack.engine, images, {
      output: shown,
      signal: context.signal,
      now: context.now,
    });
    const fetched = bytes === 0 ? "All is up to date" : `${formatBytes(bytes)} fetched`;
    return {
      project,
      data: { images: references, bytes },
      text: [`${countOf(references.length, "image")}. ${fetched}.`, "Next:  {mybroker} up"],
    };
  } finally {
    stack.engine.close();
  }
};

async function imagesOf({ build, image, platform }: Service, project: Project): Promise<WantedImage[]> {
  const on = platform === undefined ? {} : { platform };
  if (build !== undefined) {
    const bases = (await readRecipe(build))?.bases ?? [];
    return bases.map((reference) => ({ reference }));
  }
  const builtHere = Object.values(project.services).some(
    (other) => other.build !== undefined && other.image === image,
  );
  return image === undefined || builtHere ? [] : [{ reference: image, ...on }];
}

export const pullStack = onDockerOnly("images", pullImagesOfStack);
