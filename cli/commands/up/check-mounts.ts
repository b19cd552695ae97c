import { imageName } from "../../compose/labels.js";
import type { CommandRequest } from "../../kernel/command.js";
import { type ContainerUser, resolveContainerUser } from "../../preflight/container-user.js";
import { mountProblemError } from "../../preflight/mount-text.js";
import { findMountProblems } from "../../preflight/mounted-files.js";
import type { Observed } from "../../reconcile/observed.js";
import type { Stack } from "../../stack/open-stack.js";

interface MountCheck {
  readonly stack: Stack;
  /** Its images say what their containers run as. */
  readonly observed: Observed;
  readonly services: readonly string[];
  readonly request: CommandRequest;
}

/**
 * Refuses files of the clone that a container is to read and may not.
 * @throws MybrokerError mounts.missing, mounts.unreadable (exit 3)
 */
export async function checkMounts(check: MountCheck): Promise<void> {
  const { stack, services, request } = check;
  const { project } = stack;
  if (!sharesPermissions(stack, request.context.platform)) return;
  const userOf = (name: string): ContainerUser => findUser(check, name);
  const problems = await findMountProblems({ project, services, userOf });
  if (problems.length === 0) return;
  throw mountProblemError(problems, { workingDir: project.workingDir, cwd: request.context.cwd });
}

function findUser({ stack, observed }: MountCheck, name: string): ContainerUser {
  const { engine, project } = stack;
  const service = project.services[name];
  if (service === undefined) return { kind: "root" };
  const image = observed.images.get(imageName(project, name, service));
  // The engine says "" of an image without USER; an older one leaves it out.
  const imageUser = image === undefined ? undefined : String(image.config.User ?? "");
  return resolveContainerUser({ service, imageUser, rootless: engine.facts.rootless });
}

/** Only an engine on this very kernel sees these files as they are; Docker Desktop shows them to any user. */
function sharesPermissions({ engine }: Stack, platform: NodeJS.Platform): boolean {
  const desktop = /Docker Desktop/i.test(engine.facts.operatingSystem);
  return platform === "linux" && engine.endpoint.url.startsWith("unix:") && !desktop;
}
