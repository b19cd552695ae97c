import { publishedPort } from "../compose/host-addresses.js";
import type { Project } from "../compose/model.js";
import { findHostAddress } from "../engine/host-address.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest } from "../kernel/command.js";
import { findEmbeddedPlace } from "../runtime/by-runtime.js";
import { openProject, withAllProfiles } from "../stack/open-stack.js";
import { parts } from "./parts.js";

/** Where the running system is reached by its users. */
export interface Brokerage {
  /** Name of the project. */
  readonly project: string;
  /** SEED_USER_PASSWORD: of the demo investor, the admin, and users that `user add` makes. */
  readonly password: string;
  /** "http://127.0.0.1:8080" of a service. @throws MybrokerError usage.unknown-service where the files have none */
  urlOf(service: string): string;
  readonly gateway: string;
}

/** From the files alone: whether it runs shows with the first request. @throws MybrokerError, exit 2, for the files */
export async function openBrokerage(request: CommandRequest): Promise<Brokerage> {
  const { project } = await openProject(withAllProfiles(request), { missingVariables: "empty" });
  return brokerageOf(project, await findHost(request));
}

/** @param host at which published ports are reached */
export function brokerageOf(project: Project, host: string): Brokerage {
  const urlOf = (name: string): string => {
    const service = project.services[name];
    const port = publishedPort(service, service?.["x-mybroker"]?.port ?? 0);
    if (port === undefined) throw noSuchService(name, project.name);
    return `http://${host}:${port}`;
  };
  const password = project.environment.SEED_USER_PASSWORD ?? "";
  return { project: project.name, password, urlOf, gateway: urlOf(parts.gateway) };
}

async function findHost(request: CommandRequest): Promise<string> {
  if ((await findEmbeddedPlace(request)) !== undefined) return "127.0.0.1";
  return findHostAddress(request.context);
}

function noSuchService(name: string, project: string): MybrokerError {
  return new MybrokerError({
    code: "brokerage.absent",
    message: `the compose file of ${project} has no ${name} with a published port`,
    hint: "The shipped project, in an empty folder:  {mybroker} init",
    exitCode: exitCodes.usage,
  });
}
