import type { SeedStores } from "../stores.js";
import { type Comparison, comparisons } from "./comparisons.js";
import { type Finding, Findings } from "./finding.js";
import { joinSorted } from "./join-sorted.js";
import { judgeMarket } from "./judge-market.js";
import { judgeTicks } from "./judge-ticks.js";
import { type OpenStores, openStores } from "./open-stores.js";
import { type Candidate, settle } from "./settle.js";
import { compareSums, summed } from "./sums.js";
import { Tally } from "./tally.js";

/** Something that does not fit. */
export interface Difference {
  /** Service of the store in the compose file. */
  readonly store: string;
  /** Table, collection or the beginning of the keys. */
  readonly table: string;
  readonly key: string;
  /** In words, with what is there and what was expected. */
  readonly what: string;
}

export interface Verification {
  /** The first 100. */
  readonly differences: readonly Difference[];
  /** All of them. */
  readonly total: number;
  /** Rows that were compared, by what they are: users, orders, executions … */
  readonly counts: Readonly<Record<string, number>>;
  readonly tookMs: number;
  /** How many stores were read. */
  readonly stores: number;
}

export interface VerifyOptions {
  readonly signal?: AbortSignal;
  /** How long rows that differ may take to agree while messages are on their way; default 5,000. */
  readonly settleMs?: number;
  /** Sums of each database by itself (sums.ts), for `doctor`. */
  readonly brief?: boolean;
}

const shownDifferences = 100;
const defaultSettleMs = 5_000;
/** That are looked at again one by one; of more than that only how many there were is known. */
const mostCandidates = 5_000;

/**
 * Compares the stores with each other, whatever runs meanwhile: every row, by the rules of docs/order-flow.md. Each
 * database is read as it is at one moment; what differs then is looked at again until it agrees or nothing moves.
 * @throws MybrokerError seed.store-down with the names of all that do not answer, seed.no-schema, seed.login-refused
 */
export async function verifyStores(
  stores: Pick<SeedStores, "stores">,
  { signal, settleMs = defaultSettleMs, brief = false }: VerifyOptions = {},
): Promise<Verification> {
  const startedMs = performance.now();
  const open = await openStores(brief ? stores.stores.filter(({ part }) => summed.has(part)) : stores.stores);
  try {
    await open.lookAgain();
    const { counts, confirmed, more } = brief
      ? await compareSums(open)
      : await compareAll(open, { signal, settleMs });
    return {
      differences: confirmed.slice(0, shownDifferences).map((finding) => toDifference(finding, open)),
      total: confirmed.length + more,
      counts,
      tookMs: performance.now() - startedMs,
      stores: open.count,
    };
  } finally {
    await open.close();
  }
}

function toDifference({ place, key, what }: Finding, { nameOf }: OpenStores): Difference {
  return { store: nameOf(place.part), table: place.table, key, what };
}

interface Settling {
  readonly signal: AbortSignal | undefined;
  readonly settleMs: number;
}

async function compareAll(stores: OpenStores, { signal, settleMs }: Settling) {
  const tally = new Tally();
  const candidates: Candidate[] = [];
  let overflow = 0;
  const note = (comparison: Comparison | undefined, key: string, { list }: Findings) => {
    if (list.length === 0) return;
    if (candidates.length < mostCandidates) candidates.push({ comparison, key, findings: list });
    else overflow += list.length;
  };
  const final = new Findings();
  const prices = new Tally();
  const joinEach = async () => {
    for (const comparison of comparisons) await joinAll(stores, comparison, { tally, note, signal });
  };
  // Half of all there is, of one store and of no use to the others: read beside them.
  await Promise.all([joinEach(), judgeTicks(stores, { findings: final, tally: prices, signal })]);
  const market = new Findings();
  await judgeMarket(stores, market);
  note(undefined, "market", market);
  tally.judge(final);
  const settled = await settle(stores, candidates, { settleMs, signal });
  const confirmed = [...settled, ...final.list];
  // What was not looked at again is as what was.
  return {
    counts: { ...tally.counts, ...prices.counts },
    confirmed,
    more: settled.length > 0 ? overflow : 0,
  };
}

interface Joining {
  readonly tally: Tally;
  readonly signal: AbortSignal | undefined;
  note(comparison: Comparison, key: string, findings: Findings): void;
}

async function joinAll(
  stores: OpenStores,
  comparison: Comparison,
  { tally, note, signal }: Joining,
): Promise<void> {
  const inputs = Object.fromEntries(
    Object.entries(comparison.sources).map(([name, source]) => [name, stores.readAll(source)]),
  );
  let findings = new Findings();
  await joinSorted(
    inputs,
    (key, group) => {
      comparison.judge(key, group, findings);
      comparison.count(group, tally);
      if (findings.list.length === 0) return;
      note(comparison, key, findings);
      findings = new Findings();
    },
    signal,
  );
}
