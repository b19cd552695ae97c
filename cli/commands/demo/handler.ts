import { bringUpForDemo } from "../../demo/bring-up.js";
import { watchCrowd } from "../../demo/crowd.js";
import { openLiveTail } from "../../demo/live-tail.js";
import { followOneOrder, type OrderStory } from "../../demo/one-order.js";
import { createStage, type Stage } from "../../demo/stage.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandHandler, CommandRequest, CommandResult } from "../../kernel/command.js";
import { traceOrder } from "../../trace/trace-order.js";
import { describeFigures } from "./figures.js";
import { beginPhase, describeDryRun, phaseCount, renderCrowd, renderEnd } from "./screen.js";

/** The commands that it is made of. */
export interface DemoHandlers {
  readonly up: CommandHandler;
  readonly simulate: CommandHandler;
}

const usualMs = 30_000;
/** Time to read what a phase has shown. */
const readMs = 3_000;

/** `demo`: exit 1 where an order did not get through. */
export function createDemo(handlers: DemoHandlers): CommandHandler {
  return async (request) => {
    const durationMs = (request.options.for as number | undefined) ?? usualMs;
    if (request.globals.dryRun) return { data: null, text: describeDryRun({ durationMs }) };
    const stage = createStage(request, { phases: phaseCount, pace: Math.min(1, durationMs / usualMs) });
    try {
      return await perform(request, { ...handlers, stage, durationMs });
    } catch (error) {
      if (error instanceof MybrokerError || !request.context.signal.aborted) throw error;
      throw interrupted();
    }
  };
}

interface Play extends DemoHandlers {
  readonly stage: Stage;
  readonly durationMs: number;
}

async function perform(request: CommandRequest, play: Play): Promise<CommandResult> {
  const startedMs = performance.now();
  const { stage, durationMs } = play;
  await beginPhase(stage, "system", { durationMs });
  const system = await bringUpForDemo(request, play);
  await stage.pause(readMs);
  const shown = await showOrders(request, play);
  const { trace, crowd } = shown;
  const elapsedMs = performance.now() - startedMs;
  const failed = [trace, crowd].find(({ exitCode = exitCodes.done }) => exitCode !== exitCodes.done);
  return {
    ...(crowd.project === undefined ? {} : { project: crowd.project }),
    data: describeFigures({ ...shown, system, elapsedMs }),
    text: renderEnd(elapsedMs, request.context.invocation),
    ...(failed === undefined ? {} : { exitCode: exitCodes.no, error: failed.error ?? unfinished }),
  };
}

interface Shown extends OrderStory {
  readonly trace: CommandResult;
  readonly crowd: CommandResult;
}

async function showOrders(request: CommandRequest, play: Play): Promise<Shown> {
  const { stage, durationMs, simulate } = play;
  const tail = await openLiveTail(request, ["orders", "wallet"]);
  try {
    await beginPhase(stage, "order", { durationMs });
    const story = await followOneOrder(request, { stage, tail });
    const { orderId } = story.order;
    await beginPhase(stage, "trace", { durationMs, orderId });
    const trace = await traceOrder(request, { order: orderId, follow: false });
    for (const line of trace.text ?? []) await stage.line(line);
    await stage.pause(2 * readMs);
    await beginPhase(stage, "crowd", { durationMs });
    const crowd = await watchCrowd(request, { simulate, durationMs, stage, tail });
    for (const line of renderCrowd(crowd.text ?? [])) await stage.line(line);
    return { ...story, trace, crowd };
  } finally {
    await tail.close();
  }
}

const unfinished = {
  code: "demo.unfinished",
  message: "Some of the crowd's orders did not come to their end",
  hint: "{mybroker} doctor",
};

function interrupted(): MybrokerError {
  return new MybrokerError({
    code: "run.interrupted",
    message: "Interrupted: what runs by now runs on",
    hint: "{mybroker} down  stops it;  {mybroker} demo  begins anew",
    exitCode: 130,
  });
}
