import { existsSync } from "node:fs";
import { execa } from "execa";
import type { EmbeddedKind } from "../../../contracts/embedded-control.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandRequest, CommandResult } from "../../kernel/command.js";
import { type Place, storePathOf } from "../../runtime/place.js";
import { embeddableServices, hostPort } from "../../runtime/runtime-settings.js";
import { openProject } from "../../stack/open-stack.js";
import { checkServiceNames } from "../../stack/service-names.js";

/** `connect` to an embedded service: sqlite3 for a store; for a broker the command that one's own client takes. */
export async function connectEmbedded(request: CommandRequest, place: Place): Promise<CommandResult> {
  const [service = "", ...rest] = request.args;
  const args = rest[0] === "--" ? rest.slice(1) : rest;
  const { project } = await openProject(request, { missingVariables: "empty", services: [service] });
  checkServiceNames([service], Object.keys(project.services));
  const found = embeddableServices(project).find(({ name }) => name === service);
  if (found === undefined) throw refuse(service, "has no embedded form", "{mybroker} up --runtime docker");
  const port = hostPort(found.service, found.extension);
  const hint = brokerHints[found.kind]?.(port, service);
  if (hint !== undefined) throw refuse(service, "has no client of its own here", hint);
  return openStore(request, { name: place.name, service, path: storePathOf(place, service), args });
}

const brokerHints: Partial<Record<EmbeddedKind, (port: number, service: string) => string>> = {
  kafka: (port) => `with one of yours:  kcat -b 127.0.0.1:${port} -L`,
  rabbitmq: (_, service) =>
    `with one of yours, at the URL that this prints:  {mybroker} env ${service} --reveal`,
  service: (port) => `over HTTP:  curl http://127.0.0.1:${port}/health/ready`,
};

interface Store {
  /** Of the project. */
  readonly name: string;
  readonly service: string;
  readonly path: string;
  readonly args: readonly string[];
}

async function openStore(request: CommandRequest, store: Store): Promise<CommandResult> {
  const { service, path, args } = store;
  if (!existsSync(path)) {
    throw new MybrokerError({
      code: "container.not-running",
      message: `${service} has no file yet`,
      hint: `{mybroker} up ${service}`,
      exitCode: exitCodes.no,
    });
  }
  const { globals, output } = request;
  if (globals.dryRun) {
    return {
      project: store.name,
      data: { service, exitCode: 0, stdout: "", stderr: "" },
      text: [`would run: sqlite3 ${[path, ...args].join(" ")}`],
    };
  }
  const stdio = output.json ? "pipe" : "inherit";
  const run = await execa("sqlite3", [path, ...args], {
    stdin: "inherit",
    stdout: stdio,
    stderr: stdio,
    reject: false,
  });
  if (run.code === "ENOENT")
    throw refuse(
      service,
      `is the SQLite file ${path}, and there is no sqlite3`,
      "install it, or open the file with any SQLite client",
    );
  const exitCode = run.exitCode ?? exitCodes.bug;
  const { stdout = "", stderr = "" } = run;
  return { project: store.name, exitCode, data: { service, exitCode, stdout, stderr } };
}

function refuse(service: string, what: string, hint: string): MybrokerError {
  return new MybrokerError({
    code: "usage.no-client",
    message: `${service} ${what}`,
    hint: hint[0]?.toUpperCase() + hint.slice(1),
    exitCode: exitCodes.usage,
    details: { service },
  });
}
