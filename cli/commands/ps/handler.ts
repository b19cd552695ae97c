import { composeLabels } from "../../compose/label-names.js";
import { connectEngine } from "../../engine/connect.js";
import type { Engine } from "../../engine/engine.js";
import { openProjectState } from "../../env/state-folder.js";
import type { CommandHandler, CommandRequest, CommandResult } from "../../kernel/command.js";
import { tellReplaced } from "../../replace/replaced.js";
import { byRuntime } from "../../runtime/by-runtime.js";
import { type ContainerView, containerLabels, viewContainer } from "../../stack/container-state.js";
import { findProject } from "../../stack/find-project.js";
import { checkServiceNames, serviceNamesOf } from "../../stack/service-names.js";
import { renderContainers } from "./screen.js";

/** `ps`: exit 0 also when something is not well; what is not well can be read. */
export const listStack: CommandHandler = async (request) => {
  // Other projects' containers are Docker's, whatever this one runs on.
  return request.options.allProjects === true ? listContainers(request) : listProject(request);
};

const listContainers: CommandHandler = async (request) => {
  const { engine, scope, folder } = await openScope(request);
  try {
    if (request.options.watch === true) return await watch(engine, scope, request);
    const views = await collectViews(engine, scope);
    if (folder !== undefined)
      await tellReplaced(request.output, await openProjectState(request.context, folder), scope.known);
    return { ...named(scope), data: { containers: views }, text: render(views, scope, request) };
  } finally {
    engine.close();
  }
};

const listProject = byRuntime(listContainers, async () => (await import("./embedded.js")).listEmbedded);

interface Scope {
  /** Absent: every project of the engine. */
  readonly project?: string;
  readonly asked: readonly string[];
  /** Services of the files, in their order. */
  readonly known: readonly string[];
  readonly stoppedToo: boolean;
}

/** Every project of the engine can be listed from any folder, so no file is read for that. */
async function openScope(
  request: CommandRequest,
): Promise<{ engine: Engine; scope: Scope; folder?: string }> {
  const { args, options, context } = request;
  const stoppedToo = options.all === true || args.length > 0;
  if (options.allProjects === true) {
    return { engine: await connectEngine(context), scope: { asked: args, known: [], stoppedToo } };
  }
  const { engine, name, folder, project } = await findProject(request);
  const known = serviceNamesOf(project);
  return { engine, folder, scope: { project: name, asked: args, known, stoppedToo } };
}

async function collectViews(engine: Engine, scope: Scope): Promise<ContainerView[]> {
  const summaries = await engine.listContainers({
    labels: containerLabels(scope.project),
    all: scope.stoppedToo,
  });
  const services = summaries.map((summary) => summary.labels[composeLabels.service] ?? "");
  checkServiceNames(scope.asked, [...scope.known, ...services]);
  const wanted = summaries.filter(
    (_, index) => scope.asked.length === 0 || scope.asked.includes(services[index] ?? ""),
  );
  const views = await Promise.all(
    wanted.map(async (summary) => {
      const details = await engine.inspectContainer(summary.id);
      return details === undefined ? [] : [viewContainer(summary, details)];
    }),
  );
  const order = new Map(scope.known.map((service, index) => [service, index]));
  const place = (view: ContainerView): number => order.get(view.service) ?? order.size;
  return views
    .flat()
    .sort(
      (left, right) =>
        left.project.localeCompare(right.project) ||
        place(left) - place(right) ||
        left.container.localeCompare(right.container),
    );
}

function render(views: readonly ContainerView[], scope: Scope, request: CommandRequest): string[] {
  const { context, options, output } = request;
  if (options.quiet === true) return views.map((view) => view.id);
  if (views.length === 0) return ["Nothing runs.", "Next:  {mybroker} up"];
  const everyProject = scope.project === undefined;
  const table = renderContainers(views, { style: output.style, nowMs: context.now(), everyProject });
  const unwell = views.find((view) => ["exited", "unhealthy", "restarting"].includes(view.condition));
  const other = everyProject ? `-p ${(unwell ?? views[0])?.project} ` : "";
  const next = unwell === undefined ? `${other}logs -f` : `${other}logs ${unwell.service}`;
  return [...table, "", `Next:  {mybroker} ${next}`];
}

async function watch(engine: Engine, scope: Scope, request: CommandRequest): Promise<CommandResult> {
  const { context, output } = request;
  const events = await engine.events(
    { labels: containerLabels(scope.project), types: ["container"], actions: watchedActions },
    context.signal,
  );
  const show = async (): Promise<void> => {
    const views = await collectViews(engine, scope);
    if (output.json) return output.record({ containers: views }, scope.project ?? null);
    const lines = render(views, scope, request);
    return output.repaint(lines.map((line) => line.replaceAll("{mybroker}", context.invocation)));
  };
  await show();
  for await (const _ of events) await show();
  return named(scope);
}

/** What can change the table; healthchecks alone make three more events each. */
const watchedActions = [
  "create",
  "start",
  "die",
  "oom",
  "pause",
  "unpause",
  "rename",
  "destroy",
  "health_status",
];

function named(scope: Scope): { project?: string } {
  return scope.project === undefined ? {} : { project: scope.project };
}
