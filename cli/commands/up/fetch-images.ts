import { executePlan } from "../../engine/execute.js";
import type { CommandRequest } from "../../kernel/command.js";
import type { Observed } from "../../reconcile/observed.js";
import { planUpImages } from "../../reconcile/plan-up.js";
import type { Stack } from "../../stack/open-stack.js";
import { pullImages } from "../../stack/pull-images.js";
import type { UpSetting } from "./options.js";

interface Fetch {
  readonly stack: Stack;
  readonly observed: Observed;
  readonly setting: UpSetting;
  readonly request: CommandRequest;
}

/** Pulls and builds what the plan asks for; false where nothing was to be fetched, without any network call. */
export async function fetchImages({ stack, observed, setting, request }: Fetch): Promise<boolean> {
  const { context, output } = request;
  const plan = planUpImages(stack.project, observed, setting.plan);
  if (plan.steps.length === 0) return false;
  const pulls = plan.steps.flatMap((step) =>
    step.action === "pull-image"
      ? [{ reference: step.name, ...(step.platform === undefined ? {} : { platform: step.platform }) }]
      : [],
  );
  await pullImages(stack.engine, pulls, { output, signal: context.signal, now: context.now });
  const builds = { ...plan, steps: plan.steps.filter((step) => step.action === "build-image") };
  const result = await executePlan(builds, {
    engine: stack.engine,
    signal: context.signal,
    onEvent: (event) => {
      const row = { id: `image/${event.step.name}`, label: event.step.name };
      const text = event.kind === "build" ? describeBuilding(event.text.trim()) : undefined;
      if (text !== undefined) output.progress({ ...row, status: "working", text });
      if (event.kind === "done") output.progress({ ...row, status: "done", text: "built" });
    },
  });
  if (result.failure !== undefined) throw result.failure.error;
  output.progressDone();
  return true;
}

/** The step that a builder is at, and what a program in it says; not what the builder says about its own layers. */
function describeBuilding(line: string): string | undefined {
  const [, step, steps] = /^Step (\d+)\/(\d+) : /.exec(line) ?? [];
  if (step !== undefined) return `building  step ${step} of ${steps}`;
  const ofLayers = /^(---> |Removed intermediate container |Successfully (built|tagged) |$)/;
  return ofLayers.test(line) ? undefined : line;
}
