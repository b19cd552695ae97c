import { invalidValue } from "../../errors/invalid-value.js";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandHandler, CommandRequest, CommandResult } from "../../kernel/command.js";
import { findEmbeddedPlace } from "../../runtime/by-runtime.js";
import { requireRunning } from "../../runtime/running.js";
import { keepHeapSmall } from "../../seed/keep-heap-small.js";
import { isSame } from "../../seed/load/mark.js";
import { runSeed, type SeedOutcome, type SeedWish } from "../../seed/run-seed.js";
import { type FoundStores, findSeedStores } from "../../seed/stores.js";
import type { Verification } from "../../seed/verify/verify-stores.js";
import { seedParts } from "../../seed/world/parts.js";
import { checkServiceNames } from "../../stack/service-names.js";
import { whileLocked } from "../../stack/while-locked.js";
import { createPartProgress } from "./part-progress.js";
import { describeOutcome, describeVerification, renderOutcome, renderVerification } from "./screen.js";

interface Options {
  readonly scale?: number;
  readonly randomSeed?: number;
  readonly asOf?: number;
  readonly only?: readonly string[];
  readonly reset?: boolean;
  readonly verify?: boolean;
}

/** `seed`: exit 1 where the stores do not agree afterwards, or do not run. */
export const seed: CommandHandler = async (request) => {
  const startedMs = performance.now();
  const {
    scale,
    randomSeed,
    asOf,
    only,
    reset = false,
    verify: verifies = false,
  } = request.options as Options;
  if (verifies && (reset || only !== undefined)) throw verifyAlone(reset ? "--reset" : "--only");
  // Before the files are held to account: without a first `up` there may be no .env.
  const place = await findEmbeddedPlace(request);
  if (place !== undefined) await requireRunning(place);
  const stores = await findSeedStores(request, place);
  request.output.useRuntime(stores.runtime);
  checkServiceNames(only ?? [], [...new Set(stores.stores.map(({ store }) => store))]);
  if (verifies) return verifyOnly(request, stores, startedMs);
  if (asOf !== undefined) checkPast(asOf, request);
  const wish: SeedWish = {
    ...(scale === undefined ? {} : { scale }),
    ...(randomSeed === undefined ? {} : { randomSeed }),
    ...(asOf === undefined ? {} : { asOfMs: asOf }),
    ...(only === undefined ? {} : { only: new Set(only) }),
    reset,
    dryRun: request.globals.dryRun,
  };
  const { outcome, servicesRun } = await fillStores(request, stores, wish);
  const isLoaded = outcome.kind === "loaded" && holdOneWorld(outcome);
  const verification = isLoaded ? await verify(request, stores) : null;
  const elapsedMs = performance.now() - startedMs;
  const facts = { outcome, verification, elapsedMs, servicesRun };
  return {
    project: stores.project.name,
    data: describeOutcome(facts),
    text: renderOutcome(facts),
    exitCode: outcome.kind === "declined" || (verification?.total ?? 0) > 0 ? exitCodes.no : exitCodes.done,
  };
};

async function fillStores(
  request: CommandRequest,
  stores: FoundStores,
  wish: SeedWish,
): Promise<{ outcome: SeedOutcome; servicesRun: boolean }> {
  const { context, output } = request;
  const { migratePart } = await import("../../seed/load/migrate-part.js");
  let servicesRun = true;
  const outcome = await runSeed(stores, wish, {
    nowMs: context.now(),
    signal: context.signal,
    password: stores.environmentOf("broker-identity").SEED_USER_PASSWORD ?? "",
    confirm: (users) => {
      output.note(
        `The ${users.toLocaleString("en")} users of the data set go, with all that they did since they came.`,
      );
      return output.confirm("Take them out and put the data set in anew?", "--yes");
    },
    migrate: (loader) => migratePart(request, stores, loader),
    whileLocked: (work) => whileLocked(request, stores.project, work),
    whileEngineStands: async (work) => {
      const { whileEngineStands } = await import("../../seed/load/stop-engine.js");
      const { result, runs } = await whileEngineStands(request, stores, work);
      servicesRun = runs;
      return result;
    },
    onProgress: createPartProgress(output),
    note: (text) => output.note(text),
  });
  output.progressDone();
  return { outcome, servicesRun };
}

async function verifyOnly(
  request: CommandRequest,
  stores: FoundStores,
  startedMs: number,
): Promise<CommandResult> {
  const verification = await verify(request, stores);
  const elapsedMs = performance.now() - startedMs;
  return {
    project: stores.project.name,
    data: {
      kind: "verified",
      verification: describeVerification(verification),
      elapsedMs: Math.round(elapsedMs),
    },
    text: renderVerification(verification),
    exitCode: verification.total > 0 ? exitCodes.no : exitCodes.done,
  };
}

/** With --only there may be less or more than one data set in the stores, which are not to agree then. */
function holdOneWorld({ world, marks }: SeedOutcome): boolean {
  return seedParts.every((part) => {
    const mark = marks.get(part);
    return mark?.state === "complete" && isSame(mark, { dataSet: world.id, asOfMs: world.asOfMs });
  });
}

async function verify({ context, output }: CommandRequest, stores: FoundStores): Promise<Verification> {
  const { verifyStores } = await import("../../seed/verify/verify-stores.js");
  keepHeapSmall();
  output.progress({ id: "seed/verify", label: "all stores", status: "working", text: "comparing" });
  try {
    return await verifyStores(stores, { signal: context.signal });
  } finally {
    output.progressDone();
  }
}

function verifyAlone(flag: string): MybrokerError {
  return new MybrokerError({
    code: "usage.conflicting-options",
    message: `--verify only looks, at all stores: it does not go with ${flag}`,
    hint: `One after the other:  {mybroker} seed ${flag}  and then  {mybroker} seed --verify`,
    exitCode: exitCodes.usage,
  });
}

function checkPast(asOfMs: number, { context }: CommandRequest): void {
  const nowMs = context.now();
  if (dayOf(asOfMs) <= dayOf(nowMs)) return;
  const today = dayOf(nowMs);
  throw invalidValue(`--as-of ${dayOf(asOfMs)} is in the future: today is ${today}`, `seed --as-of ${today}`);
}

/** "2026-11-22", of the exchange. */
function dayOf(atMs: number): string {
  return new Date(atMs).toLocaleDateString("sv-SE", { timeZone: "America/Sao_Paulo" });
}
