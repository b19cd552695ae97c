import { loadProject } from "../../compose/load-project.js";
import { createLoadRequest } from "../../compose/load-request.js";
import type { Project } from "../../compose/model.js";
import { findHostAddress } from "../../engine/host-address.js";
import { readEnvValues } from "../../env/env-values.js";
import { secretKeysOf } from "../../env/example-file.js";
import { markedFiles } from "../../env/marked-files.js";
import { quoteEnvValue } from "../../env/parse-env-file.js";
import { readTextFile } from "../../env/read-env-file.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandHandler, CommandRequest } from "../../kernel/command.js";
import { findEmbeddedPlace } from "../../runtime/by-runtime.js";
import type { Place } from "../../runtime/place.js";
import { checkServiceNames } from "../../stack/service-names.js";
import { describeEmbeddedVariables } from "./embedded-variables.js";
import { maskSecrets } from "./mask-secrets.js";
import { describeServiceVariables, type Variables } from "./service-variables.js";

/**
 * `env`: the one command that shows secrets: off a terminal, where its lines are a program's environment, and
 * with --reveal. So none of them is registered for redaction here.
 */
export const showEnvironment: CommandHandler = async (request) => {
  const { context, globals, output, options, args } = request;
  const [service] = args;
  const project = await loadProject(
    createLoadRequest(context, { ...globals, profile: ["*"] }, { warn: (text) => output.warn(text) }),
  );
  if (service !== undefined) checkServiceNames([service], Object.keys(project.services));
  const place = await findEmbeddedPlace(request);
  const texts = await readMarkedTexts(project);
  const variables =
    service === undefined ? allVariables(project, texts) : describeOne(project, service, { request, place });
  const masked = context.stdoutIsTty && options.reveal !== true;
  const secrets = [...secretKeysOf(...texts.map(({ text }) => text))].map(
    (key) => project.environment[key] ?? "",
  );
  const shown = masked ? maskSecrets(variables, secrets) : variables;
  const hidden = Object.keys(shown).some((name) => shown[name] !== variables[name]);
  const again = `{mybroker} env ${service === undefined ? "" : `${service} `}--reveal`;
  return {
    project: project.name,
    data: { service: service ?? null, masked: hidden, variables: shown },
    text: [
      ...Object.entries(shown).map(([name, value]) => `${name}=${hidden ? value : quoteEnvValue(value)}`),
      ...(hidden ? ["", `Show the secrets:  ${again}`] : []),
    ],
  };
};

function describeOne(
  project: Project,
  service: string,
  { request, place }: { request: CommandRequest; place: Place | undefined },
): Variables {
  if (place === undefined)
    return describeServiceVariables(project, service, findHostAddress(request.context));
  return describeEmbeddedVariables(project, service, place);
}

interface MarkedText {
  readonly path: string;
  readonly text: string;
}

/** The .env files first, then the example beside the compose file; `# secret` counts in each. */
async function readMarkedTexts(project: Project): Promise<MarkedText[]> {
  const files = await Promise.all(markedFiles(project).map(readTextFile));
  return files.filter((file) => file !== undefined);
}

/** What .env sets, with the values that hold: the shell's win. */
function allVariables(project: Project, texts: readonly MarkedText[]): Variables {
  const files = texts.filter(({ path }) => project.envFiles.includes(path));
  if (files.length === 0) throw noEnvFile(project.workingDir);
  const names = files.flatMap(({ path, text }) =>
    Object.keys(readEnvValues(text, path, project.environment)),
  );
  return Object.fromEntries([...new Set(names)].map((name) => [name, project.environment[name] ?? ""]));
}

function noEnvFile(folder: string): MybrokerError {
  return new MybrokerError({
    code: "env.absent",
    message: `There is no .env in ${folder}.`,
    hint: "{mybroker} init",
    exitCode: exitCodes.usage,
  });
}
