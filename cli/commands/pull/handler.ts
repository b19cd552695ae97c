import type { CommandHandler } from "../../kernel/command.js";
import type { Output } from "../../output/output.js";
import { countOf, formatBytes } from "../../output/units.js";
import { onDockerOnly } from "../../runtime/by-runtime.js";
import { openStack } from "../../stack/open-stack.js";
import { pullImages, type WantedImage } from "../../stack/pull-images.js";
import { checkServiceNames } from "../../stack/select-services.js";

/** `pull`: images that are built here have no registry and are left out. */
const pullImagesOfStack: CommandHandler = async (request) => {
  const { args, context, output, options } = request;
  const stack = await openStack(request, { missingVariables: "empty", services: args });
  try {
    checkServiceNames(args, Object.keys(stack.project.services));
    const images: WantedImage[] = Object.entries(stack.project.services)
      .filter(([name, service]) => (args.length === 0 || args.includes(name)) && service.build === undefined)
      .flatMap(([, service]) =>
        service.image === undefined
          ? []
          : [
              {
                reference: service.image,
                ...(service.platform === undefined ? {} : { platform: service.platform }),
              },
            ],
      );
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

export const pullStack = onDockerOnly("images", pullImagesOfStack);
