import type { ContainerSummary, Engine, LogOptions } from "../../engine/engine.js";
import type { CommandHandler, CommandRequest } from "../../kernel/command.js";
import type { Style } from "../../output/output.js";
import { serviceLabel } from "../../stack/container-state.js";
import { type LogLine, readLogLines } from "../../stack/log-lines.js";
import { mergeByTime } from "../../stack/merge-by-time.js";
import { openStack, type Stack } from "../../stack/open-stack.js";
import { checkServiceNames } from "../../stack/select-services.js";

type NamedLine = LogLine & { readonly service: string; readonly container: string };
type Print = (line: NamedLine) => Promise<void>;

/** `logs`: history in time order over all containers; with --follow then each line as it comes. */
export const printLogs: CommandHandler = async (request) => {
  const stack = await openStack(request, { missingVariables: "empty" });
  try {
    const containers = await selectContainers(stack, request.args);
    const print = createPrinter(containers, request);
    if (request.options.follow === true) await follow(stack, containers, { request, print });
    else {
      const streams = containers.map((container) =>
        readContainer(stack.engine, container, readOptions(request)),
      );
      for await (const line of mergeByTime(streams)) {
        if (request.context.signal.aborted) break;
        await print(line);
      }
    }
    if (containers.length === 0)
      request.output.note(`Nothing to read: no container of ${stack.project.name} exists.`);
    return { project: stack.project.name };
  } finally {
    stack.engine.close();
  }
};

function projectLabels(stack: Stack): string[] {
  return [`com.docker.compose.project=${stack.project.name}`, "com.docker.compose.oneoff=False"];
}

async function selectContainers(stack: Stack, asked: readonly string[]): Promise<ContainerSummary[]> {
  const all = await stack.engine.listContainers({ labels: projectLabels(stack), all: true });
  const services = all.map((container) => container.labels[serviceLabel] ?? "");
  checkServiceNames(asked, [
    ...Object.keys(stack.project.services),
    ...Object.keys(stack.project.disabledServices),
    ...services,
  ]);
  return all.filter((_, index) => asked.length === 0 || asked.includes(services[index] ?? ""));
}

function readOptions({ options, context }: CommandRequest): LogOptions {
  return {
    timestamps: true,
    signal: context.signal,
    ...(typeof options.tail === "number" ? { tail: options.tail } : {}),
    ...(typeof options.since === "string" ? { since: options.since } : {}),
    ...(typeof options.until === "string" ? { until: options.until } : {}),
  };
}

async function* readContainer(
  engine: Engine,
  container: ContainerSummary,
  options: LogOptions,
): AsyncGenerator<NamedLine> {
  const service = container.labels[serviceLabel] ?? container.name;
  for await (const line of readLogLines(engine.logs(container.id, options))) {
    yield { ...line, service, container: container.name };
  }
}

interface Following {
  readonly request: CommandRequest;
  readonly print: Print;
}

/** Follows every container, also one that is started or recreated later; ends when none runs any more. */
async function follow(
  stack: Stack,
  containers: readonly ContainerSummary[],
  { request, print }: Following,
): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([request.context.signal, stop.signal]);
  const events = await stack.engine.events({ labels: projectLabels(stack), types: ["container"] }, signal);
  const followed = new Set<string>();
  let failure: unknown;
  const attach = (container: ContainerSummary, options: LogOptions): void => {
    followed.add(container.id);
    const task = async (): Promise<void> => {
      try {
        for await (const line of readContainer(stack.engine, container, {
          ...options,
          follow: true,
          signal,
        })) {
          await print(line);
        }
      } catch (error) {
        failure ??= error;
        stop.abort();
      } finally {
        followed.delete(container.id);
        if (followed.size === 0) stop.abort();
      }
    };
    void task();
  };
  for (const container of containers) attach(container, readOptions(request));
  if (followed.size === 0) stop.abort();
  for await (const event of events) {
    if (event.action !== "start" || followed.has(event.id)) continue;
    const service = event.attributes[serviceLabel] ?? "";
    if (request.args.length > 0 && !request.args.includes(service)) continue;
    const started = { id: event.id, name: event.attributes.name ?? service, labels: event.attributes };
    attach(started as ContainerSummary, { timestamps: true, since: (event.timeMs / 1000).toFixed(3) });
  }
  if (failure !== undefined) throw failure;
}

function createPrinter(containers: readonly ContainerSummary[], { options, output }: CommandRequest): Print {
  const names = [...new Set(containers.map((container) => container.labels[serviceLabel] ?? container.name))];
  const width = Math.max(0, ...names.map((name) => name.length));
  const pattern = options.grep as RegExp | undefined;
  const prefixed = options.logPrefix !== false;
  return async (line) => {
    if (pattern !== undefined && !pattern.test(line.text)) return;
    if (output.json) {
      const { service, container, channel, time, text } = line;
      return output.record({ service, container, channel, time, text });
    }
    const colour = colourFor(names.indexOf(line.service), output.style);
    const prefix = prefixed ? `${colour(`${line.service.padEnd(width)} |`)} ` : "";
    const time = options.timestamps === true ? `${line.time} ` : "";
    await output.line(`${prefix}${time}${line.text}`);
  };
}

/** Neighbours differ; red and yellow are kept for what is wrong. */
function colourFor(index: number, style: Style): (text: string) => string {
  const colours = [style.cyan, style.green, style.bold, style.dim];
  return colours[Math.max(0, index) % colours.length] ?? style.dim;
}
