import { existsSync } from "node:fs";
import { join } from "node:path";
import { hostEnvironment, publishedPort } from "../../compose/host-addresses.js";
import type { Project, Service } from "../../compose/model.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandHandler, CommandRequest, CommandResult } from "../../kernel/command.js";
import { type Replacement, runInPlace } from "../../replace/run-in-place.js";
import { takeContainerPlace } from "../../replace/take-container-place.js";
import { takeEmbeddedPlace } from "../../replace/take-embedded-place.js";
import { byRuntime } from "../../runtime/by-runtime.js";
import { embeddedEnvironment } from "../../runtime/embedded-environment.js";
import { type Place, storePathOf } from "../../runtime/place.js";
import { requireRunning } from "../../runtime/running.js";
import { openProject, openStack } from "../../stack/open-stack.js";
import { checkServiceNames } from "../../stack/service-names.js";

/** `replace`: the exit code is the program's. */
const replaceContainer: CommandHandler = async (request) => {
  const [name = ""] = request.args;
  const stack = await openStack(request, { missingVariables: "error", services: [name] });
  try {
    const { project, engine } = stack;
    const target = findTarget(project, request);
    const host = engine.endpoint.hostAddress;
    const environment = hostEnvironment(project, { service: target.service, host });
    return await replace(request, { ...target, project, environment }, (replacement) =>
      takeContainerPlace(replacement, { engine, project }),
    );
  } finally {
    stack.engine.close();
  }
};

async function replaceEmbedded(request: CommandRequest, place: Place): Promise<CommandResult> {
  const { project } = await openProject(request, {
    missingVariables: "error",
    services: request.args.slice(0, 1),
  });
  const target = findTarget(project, request);
  const running = await requireRunning(place);
  const environment = embeddedEnvironment(project, target.service, (store) => storePathOf(place, store));
  return replace(request, { ...target, project, environment }, (replacement) =>
    takeEmbeddedPlace(replacement, { place, running }),
  );
}

export const replaceService = byRuntime(replaceContainer, async () => replaceEmbedded);

interface Target {
  readonly name: string;
  readonly service: Service;
  /** On 127.0.0.1, where everybody on this machine looks for it. */
  readonly publishedPort: number;
}

/** @throws MybrokerError usage.unknown-service or usage.not-replaceable, exit 2 */
function findTarget(project: Project, { args }: CommandRequest): Target {
  const [name = ""] = args;
  const services = { ...project.disabledServices, ...project.services };
  checkServiceNames([name], Object.keys(services));
  const service = services[name];
  const extension = service?.["x-mybroker"];
  const port = Number(publishedPort(service, extension?.port ?? 0));
  if (service !== undefined && extension?.kind === "service" && port > 0) {
    return { name, service, publishedPort: port };
  }
  const replaceable = Object.keys(services).filter(
    (other) => services[other]?.["x-mybroker"]?.kind === "service",
  );
  throw new MybrokerError({
    code: "usage.not-replaceable",
    message: `${name} is no domain service: only those can be replaced`,
    lines: replaceable.length === 0 ? [] : [`  ${replaceable.join(" ")}`],
    hint: `To leave it out:  {mybroker} up -x ${name}`,
    exitCode: exitCodes.usage,
    details: { service: name, replaceable },
  });
}

interface Plan extends Target {
  readonly project: Project;
  readonly environment: Readonly<Record<string, string>>;
}

async function replace(
  request: CommandRequest,
  plan: Plan,
  take: Parameters<typeof runInPlace>[2],
): Promise<CommandResult> {
  const { project, name } = plan;
  const { workingDir: folder } = project;
  const port = (request.options.port as number | undefined) ?? plan.publishedPort;
  const command = chooseCommand(request, folder);
  const replacement: Replacement = {
    project: { name: project.name, folder },
    service: name,
    publishedPort: plan.publishedPort,
    port,
    command,
    environment: { ...plan.environment, PORT: String(port) },
  };
  if (request.globals.dryRun) {
    return {
      project: project.name,
      data: { service: name, exitCode: 0, restored: false },
      text: [`would run in the place of ${name}, on port ${port}: ${command.join(" ")}`],
    };
  }
  const exitCode = await runInPlace(request, replacement, take);
  return { project: project.name, exitCode, data: { service: name, exitCode, restored: true } };
}

/** What is given after --, or ours from the source of the clone. @throws MybrokerError replace.no-source, exit 2 */
function chooseCommand({ args }: CommandRequest, folder: string): readonly string[] {
  const [service = "", ...command] = args;
  if (command.length > 0) return command;
  const script = join(folder, "tools", "run-service.mjs");
  if (existsSync(script)) return [process.execPath, script, service];
  throw new MybrokerError({
    code: "replace.no-source",
    message: `${folder} is no clone of mybroker's source, so there is nothing of ours to run`,
    hint: `Name a program:  {mybroker} replace ${service} -- python3 mine.py`,
    exitCode: exitCodes.usage,
  });
}
