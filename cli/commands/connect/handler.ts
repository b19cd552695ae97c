import { lookUpCredential } from "../../compose/credentials.js";
import { domainProfile } from "../../compose/profiles.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandHandler } from "../../kernel/command.js";
import { byRuntime } from "../../runtime/by-runtime.js";
import { openStack } from "../../stack/open-stack.js";
import { runInContainer } from "../../stack/run-in-container.js";
import { checkServiceNames } from "../../stack/service-names.js";
import { buildClientCommand } from "./clients.js";

/** `connect`: the exit code is the client's. */
const connectToContainer: CommandHandler = async (request) => {
  const [service = "", ...rest] = request.args;
  const args = rest[0] === "--" ? rest.slice(1) : rest;
  const stack = await openStack(request, {
    missingVariables: "empty",
    moreProfiles: [domainProfile],
  });
  try {
    const { project } = stack;
    checkServiceNames([service], Object.keys(project.services));
    const extension = project.services[service]?.["x-mybroker"];
    const value = (key: string | undefined): string => lookUpCredential(project, key) ?? "";
    const { user, password, database } = extension?.credentials ?? {};
    const login = { user: value(user), password: value(password), database: value(database) };
    const client = extension === undefined ? undefined : buildClientCommand(extension.kind, login, args);
    if (client === undefined) throw noClient(service, extension?.kind);
    request.output.redact(login.password);
    const place = { engine: stack.engine, name: project.name, project };
    return await runInContainer(place, request, { service, command: { ...client, terminal: true } });
  } finally {
    stack.engine.close();
  }
};

export const connectToServer = byRuntime(
  connectToContainer,
  async () => (await import("./embedded.js")).connectEmbedded,
);

function noClient(service: string, kind: string | undefined): MybrokerError {
  return new MybrokerError({
    code: "usage.no-client",
    message:
      kind === undefined
        ? `${service} has no x-mybroker in the compose file`
        : `${service} has no client of its own`,
    hint:
      kind === "http"
        ? `Its page:  {mybroker} open ${service}`
        : `A shell in it:  {mybroker} exec ${service} sh`,
    exitCode: exitCodes.usage,
  });
}
