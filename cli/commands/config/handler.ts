import { renderProject } from "../../compose/render-project.js";
import type { CommandHandler } from "../../kernel/command.js";
import { tellRuntime } from "../../runtime/by-runtime.js";
import { openMaskedProject } from "../../stack/open-stack.js";
import { checkServiceNames } from "../../stack/service-names.js";

/** `config`: a check of the files too, because whatever is wrong in them is exit 2. */
export const showConfig: CommandHandler = async (request) => {
  const { args, options } = request;
  await tellRuntime(request);
  const loaded = await openMaskedProject(request, { missingVariables: "error", services: args });
  const names = Object.keys(loaded.services).filter((name) => args.length === 0 || args.includes(name));
  checkServiceNames(args, Object.keys(loaded.services));
  const project = {
    ...loaded,
    services: Object.fromEntries(Object.entries(loaded.services).filter(([name]) => names.includes(name))),
  };
  const services = Object.values(project.services);
  const lists: Readonly<Record<string, () => string[]>> = {
    services: () => names,
    images: () => services.flatMap((service) => service.image ?? []),
    volumes: () => Object.keys(project.volumes),
  };
  const asked = Object.keys(lists).find((list) => options[list] === true);
  if (asked !== undefined) {
    const values = [...new Set(lists[asked]?.())];
    return { project: project.name, data: { [asked]: values }, text: values };
  }
  const { name, networks, volumes, configs, secrets } = project;
  return {
    project: name,
    data: { name, services: project.services, networks, volumes, configs, secrets },
    text: renderProject(project),
  };
};
