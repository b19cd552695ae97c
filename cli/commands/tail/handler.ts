import { exitCodes } from "../../errors/mybroker-error.js";
import type { CommandHandler, CommandRequest, CommandResult } from "../../kernel/command.js";
import { openProject, withAllProfiles } from "../../stack/open-stack.js";
import { chooseStreams, type Tap } from "../../streams/choose-streams.js";
import type { Filter } from "../../streams/filter.js";
import { findReach } from "../../streams/find-reach.js";
import { openStreams, type Reach, rabbitBrokerOf } from "../../streams/open-streams.js";
import { type WatchResult, watchStreams } from "../../streams/watch-streams.js";
import { createPrinter } from "./printer.js";
import { readTailOptions, type TailOptions } from "./read-options.js";
import { describeEnd } from "./screen.js";
import type { Validator } from "./validator.js";
import { createViewer } from "./viewer.js";

/** `tail`: exit 1 where --stop-when was not met, or --validate found something. */
export const tail: CommandHandler = async (request) => {
  const { context, output } = request;
  const options = readTailOptions(request);
  if (options.trace !== undefined) {
    const { traceOrder } = await import("../../trace/trace-order.js");
    return traceOrder(request, { order: options.trace, follow: options.plan.follow });
  }
  const filters = await compileFilters(options);
  const { project } = await openProject(withAllProfiles(request), { missingVariables: "empty" });
  const taps = chooseStreams(project, options.choice);
  const print = createPrinter(request, options, project.name);
  const reach = await findReach(request, project);
  await restoreTracing(request, taps, reach);
  const validator = options.validate
    ? (await import("./validator.js")).createValidator((text) => viewer.problem(text))
    : undefined;
  const viewer = createViewer(request, { options, print, validator, project: project.name });
  const sources = await openStreams(taps, reach);
  const { signal } = context;
  const result = await watchStreams(sources, { ...options.plan, ...filters }, { viewer, signal });
  viewer.ended();
  for (const line of describeEnd(result, Object.values(filters))) output.note(line);
  if (validator !== undefined) output.note(validator.describe());
  const verdict = judge(result, options, validator);
  if (verdict.error?.code === "tail.not-met" && !output.json) output.warn(verdict.error.message);
  return { project: project.name, ...verdict };
};

interface Filters {
  filter?: Filter;
  stopWhen?: Filter;
}

/** The library of expressions is loaded only for one. @throws MybrokerError tail.bad-filter, exit 2 */
async function compileFilters({ expressions }: TailOptions): Promise<Filters> {
  const { filter, stopWhen } = expressions;
  if (filter === undefined && stopWhen === undefined) return {};
  const { compileFilter } = await import("../../streams/filter.js");
  return {
    ...(filter === undefined ? {} : { filter: compileFilter(filter, "--filter") }),
    ...(stopWhen === undefined ? {} : { stopWhen: compileFilter(stopWhen, "--stop-when") }),
  };
}

/** A `tail --firehose` that was killed left the broker's tracing on. */
async function restoreTracing({ output }: CommandRequest, taps: readonly Tap[], reach: Reach): Promise<void> {
  const { stateFolder } = reach;
  const services = new Set(taps.filter(({ kind }) => kind !== "topics").map(({ service }) => service));
  if (stateFolder === undefined || services.size === 0) return;
  const { restoreFirehose } = await import("../../streams/rabbit-tracing.js");
  for (const service of services) {
    const broker = rabbitBrokerOf(service, reach);
    const restored = await restoreFirehose({ broker, stateFolder }).catch(() => false);
    if (restored) output.note(`Switched ${service}'s tracing off, which a killed tail had left on.`);
  }
}

/** What the whole run comes to. */
function judge(
  { reason }: WatchResult,
  { expressions }: TailOptions,
  validator: Validator | undefined,
): Partial<CommandResult> {
  const { no } = exitCodes;
  if (validator !== undefined && validator.broken > 0) {
    const error = { code: "tail.broken-contract", message: validator.describe() };
    return { exitCode: no, error };
  }
  if (expressions.stopWhen === undefined || reason === "stop-when") return {};
  const message = `it ended without a message for which it is true: ${expressions.stopWhen}`;
  return { exitCode: no, error: { code: "tail.not-met", message: `--stop-when: ${message}` } };
}
