import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandHandler, CommandRequest, CommandResult } from "../../kernel/command.js";
import { findEmbeddedPlace } from "../../runtime/by-runtime.js";
import { requireRunning } from "../../runtime/running.js";
import { runSeed, type SeedOutcome, type SeedWish } from "../../seed/run-seed.js";
import { type FoundStores, findSeedStores } from "../../seed/stores.js";
import type { Verification } from "../../seed/verify/verify-stores.js";
import { checkServiceNames } from "../../stack/select-services.js";
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
  const { scale, randomSeed, asOf, only, reset = false, verify = false } = request.options as Options;
  if (verify && (reset || only !== undefined)) throw verifyAlone(reset ? "--reset" : "--only");
  // Before the files are held to account: without a first `up` there may be no .env.
  const place = await findEmbeddedPlace(request);
  if (place !== undefined) await requireRunning(place);
  const stores = await findSeedStores(request, place);
  request.output.useRuntime(stores.runtime);
  checkServiceNames(only ?? [], [...new Set(stores.stores.map(({ store }) => store))]);
  if (verify) return verifyOnly(request, stores, startedMs);
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
  const verification = outcome.kind === "loaded" ? await verifyLoaded(request, stores) : null;
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
  const { verifyStores } = await import("../../seed/verify/verify-stores.js");
  const verification = await verifyStores(stores, { signal: request.context.signal });
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

async function verifyLoaded(request: CommandRequest, stores: FoundStores): Promise<Verification | null> {
  const { verifyStores } = await import("../../seed/verify/verify-stores.js");
  return verifyStores(stores, { signal: request.context.signal });
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
  throw new MybrokerError({
    code: "usage.invalid-value",
    message: `--as-of is in the future: today is ${dayOf(nowMs)}`,
    hint: `For example:  {mybroker} seed --as-of ${dayOf(nowMs)}`,
    exitCode: exitCodes.usage,
  });
}

/** "2026-11-22", of the exchange. */
function dayOf(atMs: number): string {
  return new Date(atMs).toLocaleDateString("sv-SE", { timeZone: "America/Sao_Paulo" });
}
