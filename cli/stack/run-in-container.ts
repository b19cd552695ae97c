import type { ContainerSummary } from "../engine/engine.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest, CommandResult } from "../kernel/command.js";
import { serviceLabel } from "./container-state.js";
import type { Stack } from "./open-stack.js";
import { checkServiceNames } from "./select-services.js";

export interface ContainerCommand {
  readonly command: readonly string[];
  /** False: never a terminal, also where there is one. */
  readonly terminal: boolean;
  readonly user?: string;
  readonly workingDir?: string;
  /** "NAME=value" */
  readonly env?: readonly string[];
}

/**
 * The running container of a service.
 * @throws MybrokerError usage.unknown-service (2) or container.not-running (1)
 */
export async function findRunningContainer(stack: Stack, service: string): Promise<ContainerSummary> {
  const containers = await stack.engine.listContainers({
    labels: [`com.docker.compose.project=${stack.project.name}`, "com.docker.compose.oneoff=False"],
    all: true,
  });
  const services = containers.map((container) => container.labels[serviceLabel] ?? "");
  checkServiceNames([service], [...Object.keys(stack.project.services), ...services]);
  const found = containers.find(
    (container) => container.labels[serviceLabel] === service && container.state === "running",
  );
  if (found !== undefined) return found;
  throw new MybrokerError({
    code: "container.not-running",
    message: `${service} is not running`,
    hint: `{mybroker} up ${service}`,
    exitCode: exitCodes.no,
    details: { service },
  });
}

/** Runs a command there with this run's terminal or pipes, and ends as it ends. */
export async function runInContainer(
  stack: Stack,
  request: CommandRequest,
  { service, command }: { readonly service: string; readonly command: ContainerCommand },
): Promise<CommandResult> {
  const { context, output } = request;
  const container = await findRunningContainer(stack, service);
  const terminal = command.terminal && context.stdinIsTty && context.stdoutIsTty;
  const session = await stack.engine.exec(container.id, {
    command: command.command,
    tty: terminal,
    stdin: true,
    ...(command.user === undefined ? {} : { user: command.user }),
    ...(command.workingDir === undefined ? {} : { workingDir: command.workingDir }),
    ...(command.env === undefined ? {} : { env: command.env }),
  });
  await output.attach(session, terminal);
  return { project: stack.project.name, exitCode: await session.exitCode() };
}
