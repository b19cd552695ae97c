import { composeLabels } from "../compose/label-names.js";
import type { Project } from "../compose/model.js";
import type { ContainerSummary, Engine } from "../engine/engine.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest, CommandResult } from "../kernel/command.js";
import { containerLabels } from "./container-state.js";
import { checkServiceNames, serviceNamesOf } from "./service-names.js";

export interface ContainerCommand {
  readonly command: readonly string[];
  /** False: never a terminal, also where there is one. */
  readonly terminal: boolean;
  readonly user?: string;
  readonly workingDir?: string;
  /** "NAME=value" */
  readonly env?: readonly string[];
}

/** Where a container is looked for. */
export interface ContainerPlace {
  readonly engine: Engine;
  /** Of the project. */
  readonly name: string;
  /** Where its files can be read. */
  readonly project?: Project;
}

/**
 * The running container of a service.
 * @throws MybrokerError usage.unknown-service (2) or container.not-running (1)
 */
async function findRunningContainer(
  { engine, name, project }: ContainerPlace,
  service: string,
): Promise<ContainerSummary> {
  const containers = await engine.listContainers({ labels: containerLabels(name), all: true });
  const services = containers.map((container) => container.labels[composeLabels.service] ?? "");
  checkServiceNames([service], [...serviceNamesOf(project), ...services]);
  const found = containers.find(
    (container) => container.labels[composeLabels.service] === service && container.state === "running",
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

/** Runs a command there with this run's terminal or pipes, and ends as it ends; with -o json what it wrote is data. */
export async function runInContainer(
  place: ContainerPlace,
  request: CommandRequest,
  { service, command }: { readonly service: string; readonly command: ContainerCommand },
): Promise<CommandResult> {
  const { context, output } = request;
  const container = await findRunningContainer(place, service);
  if (request.globals.dryRun) {
    const text = [`would run in ${container.name}: ${command.command.join(" ")}`];
    return { project: place.name, data: { service, exitCode: 0, stdout: "", stderr: "" }, text };
  }
  const terminal = command.terminal && context.stdinIsTty && context.stdoutIsTty && !output.json;
  const session = await place.engine.exec(container.id, {
    command: command.command,
    tty: terminal,
    stdin: true,
    signal: context.signal,
    ...(command.user === undefined ? {} : { user: command.user }),
    ...(command.workingDir === undefined ? {} : { workingDir: command.workingDir }),
    ...(command.env === undefined ? {} : { env: command.env }),
  });
  const written = output.json ? await output.capture(session) : await output.attach(session, terminal);
  if (context.signal.aborted) throw interrupted(service);
  const exitCode = await session.exitCode();
  return { project: place.name, exitCode, data: { service, exitCode, ...written } };
}

/** Without a terminal no key reaches the command: it goes on as with docker exec, and somebody has to say so. */
function interrupted(service: string): MybrokerError {
  return new MybrokerError({
    code: "exec.interrupted",
    message: `Interrupted: what was started in ${service} may still run there`,
    hint: `To end it:  {mybroker} restart ${service}`,
    // main answers with 128 + the signal's number; this stands for a run inside another program.
    exitCode: 130,
  });
}
