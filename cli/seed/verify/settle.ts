import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Comparison } from "./comparisons.js";
import { type Finding, Findings } from "./finding.js";
import { joinSorted } from "./join-sorted.js";
import { judgeMarket } from "./judge-market.js";
import type { OpenStores } from "./open-stores.js";

/** What did not fit when it was first read: a key of a comparison, or the market as a whole. */
export interface Candidate {
  /** undefined: judgeMarket. */
  readonly comparison: Comparison | undefined;
  readonly key: string;
  readonly findings: readonly Finding[];
}

interface Watched extends Candidate {
  /** All that was ever found. */
  readonly first: readonly Finding[];
  /** Of all that was read for it. */
  readonly print: string;
  /** When that was not so yet. */
  readonly movedMs: number;
}

interface Reading {
  readonly findings: readonly Finding[];
  readonly print: string;
}

/** As often as this is looked again, or sooner where less time is given. */
const intervalMs = 200;
/** After so many times the time to settle nothing more is waited for. */
const patience = 6;

/**
 * Looks at candidates again. What is sure counts once it is seen again. What is late counts when nothing has changed
 * for `settleMs` and what waited in the outboxes is out, or when it has not moved by the end of all patience; what does
 * move is on its way.
 */
export async function settle(
  stores: OpenStores,
  candidates: readonly Candidate[],
  { settleMs, signal }: { settleMs: number; signal: AbortSignal | undefined },
): Promise<Finding[]> {
  const confirmed: Finding[] = [];
  const startedMs = performance.now();
  let movedMs = startedMs;
  let watched: readonly Watched[] = candidates.map((candidate) => ({
    ...candidate,
    first: candidate.findings,
    print: "",
    movedMs: startedMs,
  }));
  const isOut = await watchOutboxes(stores);
  for (let round = 0; watched.length > 0; round += 1) {
    // At once, then in intervals.
    if (round > 0)
      await pause(Math.min(intervalMs, settleMs), undefined, signal === undefined ? {} : { signal });
    signal?.throwIfAborted();
    await stores.lookAgain();
    const nowMs = performance.now();
    const left: Watched[] = [];
    for (const [comparison, some] of groupByComparison(watched)) {
      const readings = await readAgain(stores, comparison, some);
      for (const candidate of some) {
        const { findings: all, print } = readings.get(candidate.key) ?? { findings: [], print: "" };
        const findings = all.filter((finding) => !hasCaughtUp(finding, candidate.first));
        const moves = print !== candidate.print;
        if (moves && round > 0) movedMs = nowMs;
        if (findings.length === 0) continue;
        if (isSeenAgain(candidate.findings, findings))
          confirmed.push(...findings.filter(({ versions }) => versions === undefined));
        else {
          const first = [...candidate.first, ...findings];
          const since = moves ? nowMs : candidate.movedMs;
          left.push({ ...candidate, findings, first, print, movedMs: since });
        }
      }
    }
    watched = left;
    const isQuiet = nowMs - movedMs >= settleMs && (await isOut());
    if (!isQuiet && nowMs - startedMs < patience * settleMs) continue;
    const still = left.filter((one) => isQuiet || nowMs - one.movedMs >= settleMs);
    return [...confirmed, ...still.flatMap(({ findings }) => findings)];
  }
  return confirmed;
}

/** Behind again, and yet as far by now as it should have been at first: it follows. */
function hasCaughtUp({ versions, key }: Finding, first: readonly Finding[]): boolean {
  if (versions === undefined) return false;
  return first.some(
    (one) => one.key === key && one.versions !== undefined && versions.found >= one.versions.expected,
  );
}

/** A rule that one moment of a store breaks, and broke before. */
function isSeenAgain(before: readonly Finding[], now: readonly Finding[]): boolean {
  return now.some(
    ({ certainty, rule, place, key }) =>
      certainty === "sure" &&
      before.some((one) => one.rule === rule && one.place.table === place.table && one.key === key),
  );
}

function groupByComparison(watched: readonly Watched[]): Map<Comparison | undefined, Watched[]> {
  const groups = new Map<Comparison | undefined, Watched[]>();
  for (const one of watched) {
    const group = groups.get(one.comparison);
    if (group === undefined) groups.set(one.comparison, [one]);
    else group.push(one);
  }
  return groups;
}

async function readAgain(
  stores: OpenStores,
  comparison: Comparison | undefined,
  some: readonly Candidate[],
): Promise<ReadonlyMap<string, Reading>> {
  if (comparison === undefined) {
    const findings = new Findings();
    await judgeMarket(stores, findings);
    return new Map(some.map(({ key }) => [key, { findings: findings.list, print: printOf(findings.list) }]));
  }
  const keys = some.map(({ key }) => key);
  const names = Object.entries(comparison.sources);
  const inputs = Object.fromEntries(
    await Promise.all(
      names.map(async ([name, source]) => [name, await stores.readSome(source, keys)] as const),
    ),
  );
  const readings = new Map<string, Reading>();
  await joinSorted(inputs, (key, group) => {
    const findings = new Findings();
    comparison.judge(key, group, findings);
    readings.set(key, { findings: findings.list, print: printOf(group) });
  });
  return readings;
}

function printOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("base64");
}

const withOutbox = ["order", "wallet", "exchange"] as const;

/** Remembers the last message that waits in each outbox; says whether all up to those are out. */
async function watchOutboxes(stores: OpenStores): Promise<() => Promise<boolean>> {
  const ask = (what: "max" | "min") =>
    Promise.all(
      withOutbox.map(async (part) => {
        const [row] = await stores.query<{ id: number | null }>(part, `select ${what}(id) as id from outbox`);
        return row?.id ?? undefined;
      }),
    );
  const last = await ask("max");
  return async () =>
    (await ask("min")).every(
      (first, index) => first === undefined || Number(first) > Number(last[index] ?? 0),
    );
}
