import { domainProfile } from "../compose/profiles.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { CommandHandler, CommandRequest } from "../kernel/command.js";
import { countOf } from "../output/units.js";
import { lookAtStack, runs, type ServiceCondition, type StackState } from "../runtime/stack-state.js";
import { openProject } from "../stack/open-stack.js";
import type { Stage } from "./stage.js";

export interface BroughtUp {
  /** False: it was there, and was left as it is. */
  readonly started: boolean;
  /** Of those that were waited for or looked at. */
  readonly ready: number;
}

const lookLimitMs = 3_000;

/**
 * Brings the system up where nothing of it runs, and otherwise only looks whether what an order passes is there.
 * @throws MybrokerError demo.not-ready, exit 1; what `up` throws
 */
export async function bringUpForDemo(
  request: CommandRequest,
  { up, stage }: { readonly up: CommandHandler; readonly stage: Stage },
): Promise<BroughtUp> {
  const state = await lookAtStack(request, lookLimitMs);
  if (!state.services.some(runs)) {
    const { text = [], data } = await up({ ...request, command: "up", options: {}, args: [] });
    for (const line of withoutNext(text)) await stage.line(line);
    return { started: true, ready: (data as { services: unknown[] }).services.length };
  }
  request.output.useRuntime(state.runtime ?? "docker");
  await requireReady(request, state);
  const ready = state.services.filter(({ condition }) => condition === "ready").length;
  await stage.say(`It runs already: ${countOf(ready, "service")} ready; nothing is changed.`);
  return { started: false, ready };
}

/** A command's screen without its last lines, which say what to type next. */
export function withoutNext(text: readonly string[]): readonly string[] {
  const next = text.findIndex((line) => line.startsWith("Next:"));
  return next < 0 ? text : text.slice(0, next);
}

/** Pages and metrics may be away; what stores, carries or decides may not. */
async function requireReady(request: CommandRequest, { services }: StackState): Promise<void> {
  const { project } = await openProject(request, {
    missingVariables: "empty",
    moreProfiles: [domainProfile],
  });
  const conditions = new Map(services.map(({ name, condition }) => [name, condition]));
  const missing = Object.entries(project.services)
    .filter(([, { "x-mybroker": extension }]) => extension !== undefined && extension.kind !== "http")
    .map(([name]) => ({ name, condition: conditions.get(name) ?? "absent" }))
    .filter(({ condition }) => condition !== "ready");
  if (missing.length === 0) return;
  const named = missing.slice(0, 3).map(({ name, condition }) => `${name} ${words[condition]}`);
  const more = missing.length > 3 ? [`${missing.length - 3} more are not ready`] : [];
  throw new MybrokerError({
    code: "demo.not-ready",
    message: `An order would not get through: ${[...named, ...more].join(", ")}`,
    hint: "{mybroker} doctor    says why, and what to type",
    exitCode: exitCodes.no,
    details: { missing },
  });
}

const words: Readonly<Record<ServiceCondition, string>> = {
  ready: "is ready",
  starting: "is still starting",
  unwell: "is not well",
  stopped: "is stopped",
  absent: "does not run",
};
