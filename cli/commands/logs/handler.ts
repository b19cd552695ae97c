import { composeLabels } from "../../compose/label-names.js";
import type { LogOptions } from "../../engine/engine.js";
import type { CommandHandler, CommandRequest } from "../../kernel/command.js";
import { byRuntime } from "../../runtime/by-runtime.js";
import { containerLabels } from "../../stack/container-state.js";
import { type FoundProject, findProject } from "../../stack/find-project.js";
import { mergeByTime } from "../../stack/merge-by-time.js";
import { checkServiceNames, serviceNamesOf } from "../../stack/service-names.js";
import { followLogs } from "./follow.js";
import { LogPosition } from "./log-position.js";
import { createPrinter } from "./printer.js";
import { type LogSource, readSource, sourceOf } from "./read-source.js";

/** `logs`: history in time order over all containers; with --follow then each line as it comes. */
const printContainerLogs: CommandHandler = async (request) => {
  const found = await findProject(request);
  const stop = new AbortController();
  const signal = AbortSignal.any([request.context.signal, stop.signal]);
  try {
    const following = request.options.follow === true;
    // Before the containers are listed, so that none that starts meanwhile is missed.
    const events = following ? await watchStarts(found, signal) : undefined;
    const sources = await selectSources(found, request.args);
    if (sources.length === 0) {
      request.output.note(`Nothing to read: no container of ${found.name} exists.`);
      return { project: found.name };
    }
    const print = createPrinter(
      sources.map(({ service }) => service),
      found.name,
      request,
    );
    const options = readOptions(request);
    const positions = new Map(sources.map((source) => [source.id, new LogPosition()]));
    const streams = sources.map((source) => readSource(found.engine, source, { ...options, signal }));
    for await (const line of mergeByTime(streams)) {
      if (signal.aborted) break;
      positions.get(line.containerId)?.note(line.time);
      await print(line);
    }
    if (events !== undefined && !signal.aborted) {
      const services = request.args;
      await followLogs({ found, sources, positions, events, options, print, stop, signal, services });
    }
    return { project: found.name };
  } finally {
    stop.abort();
    found.engine.close();
  }
};

export const printLogs = byRuntime(
  printContainerLogs,
  async () => (await import("./embedded.js")).printEmbeddedLogs,
);

function watchStarts(found: FoundProject, signal: AbortSignal) {
  return found.engine.events(
    { labels: containerLabels(found.name), types: ["container"], actions: ["start"] },
    signal,
  );
}

async function selectSources(found: FoundProject, asked: readonly string[]): Promise<LogSource[]> {
  const all = await found.engine.listContainers({ labels: containerLabels(found.name), all: true });
  const services = all.map((container) => container.labels[composeLabels.service] ?? "");
  checkServiceNames(asked, [...serviceNamesOf(found.project), ...services]);
  return all
    .filter((_, index) => asked.length === 0 || asked.includes(services[index] ?? ""))
    .map((container) => sourceOf(container));
}

function readOptions({ options }: CommandRequest): LogOptions {
  return {
    timestamps: true,
    ...(typeof options.tail === "number" ? { tail: options.tail } : {}),
    ...(typeof options.since === "string" ? { since: options.since } : {}),
    ...(typeof options.until === "string" ? { until: options.until } : {}),
  };
}
