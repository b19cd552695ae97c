import type { Engine, EventFilter } from "../../engine/engine.js";
import type { CommandHandler, CommandRequest, CommandResult } from "../../kernel/command.js";
import { type ContainerView, serviceLabel, viewContainer } from "../../stack/container-state.js";
import { openStack } from "../../stack/open-stack.js";
import { checkServiceNames } from "../../stack/select-services.js";
import { renderContainers } from "./screen.js";

const projectLabel = "com.docker.compose.project";
/** With it Compose marks containers of `compose run`. */
const ordinaryContainer = "com.docker.compose.oneoff=False";

/** `ps`: exit 0 also when something is not well; what is not well can be read. */
export const listStack: CommandHandler = async (request) => {
  const stack = await openStack(request, { missingVariables: "empty" });
  try {
    const labels =
      request.options.allProjects === true ? [projectLabel] : [`${projectLabel}=${stack.project.name}`];
    const scope: Scope = {
      labels: [...labels, ordinaryContainer],
      asked: request.args,
      known: [...Object.keys(stack.project.services), ...Object.keys(stack.project.disabledServices)],
      stoppedToo: request.options.all === true,
    };
    if (request.options.watch === true) return await watch(stack.engine, scope, request);
    const views = await collectViews(stack.engine, scope);
    return { project: stack.project.name, data: { containers: views }, text: render(views, request) };
  } finally {
    stack.engine.close();
  }
};

interface Scope {
  readonly labels: readonly string[];
  readonly asked: readonly string[];
  readonly known: readonly string[];
  readonly stoppedToo: boolean;
}

async function collectViews(engine: Engine, scope: Scope): Promise<ContainerView[]> {
  const summaries = await engine.listContainers({
    labels: scope.labels,
    all: scope.stoppedToo || scope.asked.length > 0,
  });
  const services = summaries.map((summary) => summary.labels[serviceLabel] ?? "");
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
    .sort((left, right) => place(left) - place(right) || left.container.localeCompare(right.container));
}

function render(views: readonly ContainerView[], { context, options, output }: CommandRequest): string[] {
  if (options.quiet === true) return views.map((view) => view.id);
  if (views.length === 0) return ["Nothing runs.", "Next:  {mybroker} up"];
  const unwell = views.find((view) => ["exited", "unhealthy", "restarting"].includes(view.condition));
  const next = unwell === undefined ? "{mybroker} logs -f" : `{mybroker} logs ${unwell.service}`;
  return [...renderContainers(views, output.style, context.now()), "", `Next:  ${next}`];
}

async function watch(engine: Engine, scope: Scope, request: CommandRequest): Promise<CommandResult> {
  const { context, output } = request;
  const filter: EventFilter = { labels: scope.labels, types: ["container"] };
  const events = await engine.events(filter, context.signal);
  const show = async (): Promise<void> => {
    const views = await collectViews(engine, scope);
    if (output.json) await output.record({ containers: views });
    else
      await output.repaint(
        render(views, request).map((line) => line.replaceAll("{mybroker}", context.invocation)),
      );
  };
  await show();
  for await (const event of events) {
    if (!event.action.startsWith("exec_")) await show();
  }
  return {};
}
