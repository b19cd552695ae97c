import { execa } from "execa";
import { lookUpCredential } from "../../compose/credentials.js";
import { composeLabels } from "../../compose/label-names.js";
import type { Project } from "../../compose/model.js";
import { domainProfile } from "../../compose/profiles.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandHandler } from "../../kernel/command.js";
import type { Context } from "../../kernel/context.js";
import { formatTable } from "../../output/table.js";
import { onDockerOnly } from "../../runtime/by-runtime.js";
import { containerLabels } from "../../stack/container-state.js";
import { openStack, type Stack } from "../../stack/open-stack.js";
import { checkServiceNames } from "../../stack/service-names.js";

/** `open`: pages are the services whose x-mybroker has a `uiPort`. */
const openOnDocker: CommandHandler = async (request) => {
  const { args, context, globals } = request;
  const stack = await openStack(request, {
    missingVariables: "empty",
    moreProfiles: [domainProfile],
  });
  try {
    const pages = await findPages(stack);
    const project = stack.project.name;
    const [service] = args;
    if (service === undefined) {
      const rows = pages.map((page) => [page.service, page.url ?? "not running"]);
      return { project, data: { pages, opened: false }, text: formatTable(rows) };
    }
    checkServiceNames([service], Object.keys(stack.project.services));
    const page = pages.find((candidate) => candidate.service === service);
    if (page === undefined) throw noPage(service, pages);
    if (page.url === null) throw notRunning(service);
    const opened = !globals.dryRun && globals.output !== "json" && (await openBrowser(page.url, context));
    return {
      project,
      data: { pages: [page], opened },
      text: [page.url, ...describeLogin(stack.project, service)],
    };
  } finally {
    stack.engine.close();
  }
};

export const openPage = onDockerOnly("web pages", openOnDocker);

interface Page {
  readonly service: string;
  /** null while nothing publishes it. */
  readonly url: string | null;
}

async function findPages({ engine, project }: Stack): Promise<Page[]> {
  const containers = await engine.listContainers({ labels: containerLabels(project.name), all: false });
  return Object.entries(project.services).flatMap(([service, { "x-mybroker": extension }]) => {
    if (extension?.uiPort === undefined) return [];
    const container = containers.find(({ labels }) => labels[composeLabels.service] === service);
    const published = container?.ports.find(
      (port) => port.containerPort === extension.uiPort && port.hostPort,
    );
    const url =
      published === undefined ? null : `http://${engine.endpoint.hostAddress}:${published.hostPort}`;
    return [{ service, url }];
  });
}

function describeLogin(project: Project, service: string): string[] {
  const key = project.services[service]?.["x-mybroker"]?.credentials?.user;
  const user = lookUpCredential(project, key);
  return user === undefined ? [] : [`Log in as ${user}:  {mybroker} env ${service} --reveal`];
}

/** False where there is no browser to open: the address is printed in any case. */
async function openBrowser(url: string, context: Context): Promise<boolean> {
  if (!context.stdoutIsTty) return false;
  const opener = context.platform === "darwin" ? "open" : "xdg-open";
  if (opener === "xdg-open" && !context.env.DISPLAY && !context.env.WAYLAND_DISPLAY) return false;
  const { exitCode } = await execa(opener, [url], { stdio: "ignore", reject: false });
  return exitCode === 0;
}

function noPage(service: string, pages: readonly Page[]): MybrokerError {
  return new MybrokerError({
    code: "usage.no-page",
    message: `${service} has no page`,
    hint: `These have one:  ${pages.map((page) => page.service).join("  ")}`,
    exitCode: exitCodes.usage,
  });
}

function notRunning(service: string): MybrokerError {
  return new MybrokerError({
    code: "container.not-running",
    message: `${service} is not running`,
    hint: `{mybroker} up ${service}`,
    exitCode: exitCodes.no,
  });
}
