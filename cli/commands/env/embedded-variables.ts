import { isStoreKind } from "../../../contracts/embedded-control.js";
import type { Project } from "../../compose/model.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import { embeddedEnvironment } from "../../runtime/embedded-environment.js";
import { type Place, storePathOf } from "../../runtime/place.js";
import { embeddableServices } from "../../runtime/runtime-settings.js";
import { describeServiceVariables, type Variables, variablePrefix } from "./service-variables.js";

/**
 * What a process needs for a service of the embedded runtime: address and login of a broker, the file of a store; of
 * a program its own environment, with files in the place of its databases.
 * @throws MybrokerError usage.docker-only, exit 2, for a server that has no embedded form
 */
export function describeEmbeddedVariables(project: Project, name: string, place: Place): Variables {
  const extension = project.services[name]?.["x-mybroker"];
  const found = embeddableServices(project).find((service) => service.name === name);
  const storeOf = (store: string) => storePathOf(place, store);
  if (found !== undefined && isStoreKind(found.kind))
    return { [`${variablePrefix(name)}_FILE`]: storeOf(name) };
  if (found === undefined && extension?.credentials !== undefined) {
    throw new MybrokerError({
      code: "usage.docker-only",
      message: `${name} has no embedded form: it runs on Docker only`,
      hint: `With Docker:  {mybroker} --runtime docker env ${name}`,
      exitCode: exitCodes.usage,
      details: { service: name },
    });
  }
  const variables = describeServiceVariables(project, name, "127.0.0.1");
  if (found?.kind === "service") {
    const page = `${variablePrefix(name)}_URL`;
    return { ...embeddedEnvironment(project, found.service, storeOf), [page]: variables[page] ?? "" };
  }
  // Its management page is Docker's.
  const { [`${variablePrefix(name)}_UI_URL`]: _, ...rest } = variables;
  return rest;
}
