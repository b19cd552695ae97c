import { countOf, formatDuration } from "../../output/units.js";
import type { SeedOutcome } from "../../seed/run-seed.js";
import type { Verification } from "../../seed/verify/verify-stores.js";

export interface SeedFacts {
  readonly outcome: SeedOutcome;
  readonly verification: Verification | null;
  readonly elapsedMs: number;
  /** Whether there is somebody to log in at. */
  readonly servicesRun: boolean;
}

export function describeOutcome({ outcome, verification, elapsedMs }: SeedFacts) {
  const { kind, world, checksum, loaded } = outcome;
  return {
    kind,
    dataSet: world.id,
    randomSeed: world.options.randomSeed,
    scale: world.options.scale,
    asOf: new Date(world.asOfMs).toISOString(),
    checksum: checksum === "" ? null : checksum,
    loginEmail: world.loginEmail,
    counts: countThings(outcome),
    loaded,
    verification: verification === null ? null : describeVerification(verification),
    elapsedMs: Math.round(elapsedMs),
  };
}

export function renderOutcome(facts: SeedFacts): string[] {
  const { outcome, elapsedMs } = facts;
  const { kind, world, loaded } = outcome;
  switch (kind) {
    case "present":
      return [
        `Already there (${world.id}). Nothing to do in ${formatDuration(elapsedMs)}.   Again:  {mybroker} seed --reset`,
      ];
    case "declined":
      return ["Nothing was changed."];
    case "planned":
      return [
        ...headOf(outcome),
        ...loaded.map(({ store, part, method, removed }) => {
          const first = removed > 0 ? ` (${removed.toLocaleString("en")} rows go first)` : "";
          return `  would load ${part} into ${store} by ${method}${first}`;
        }),
      ];
    case "loaded":
      return renderLoaded(facts);
  }
}

function headOf({ world: { options, id } }: SeedOutcome): string[] {
  return [`scale ${options.scale}, random seed ${options.randomSeed}, data set ${id}`];
}

function renderLoaded({ outcome, verification, elapsedMs, servicesRun }: SeedFacts): string[] {
  const { world, checksum } = outcome;
  const counts = Object.entries(countThings(outcome)).map(
    ([name, count]) => `${name} ${count.toLocaleString("en")}`,
  );
  const logIn = `{mybroker} token --user ${world.loginEmail}`;
  return [
    ...headOf(outcome),
    `  ${counts.join("  ")}`,
    `Done in ${formatDuration(elapsedMs)}, checksum ${checksum.slice(0, 4)}…${
      verification === null
        ? "; not verified, for not every store has this data set."
        : `; verified: ${countOf(verification.total, "difference")} over ${countOf(verification.stores, "store")}.`
    }`,
    ...(verification === null ? [] : listDifferences(verification)),
    // The longest name beside "npx mybroker" leaves no room for more.
    ...(servicesRun ? [`Log in:  ${logIn}`] : ["To log in:  {mybroker} up", `            ${logIn}`]),
  ];
}

/** What is in the stores by now, as a person counts it. */
function countThings({ world, marks }: SeedOutcome): Record<string, number> {
  const rowsOf = (part: "order" | "wallet", table: string) => marks.get(part)?.rows[table] ?? 0;
  return {
    users: world.counts.users,
    orders: world.counts.orders,
    executions: rowsOf("order", "executions"),
    ledger: rowsOf("wallet", "transactions"),
    ticks: world.counts.ticks,
  };
}

export function describeVerification({ differences, total, counts, tookMs, stores }: Verification) {
  return { differences, total, counts, stores, tookMs: Math.round(tookMs) };
}

/** More than a screen of them says nothing more. */
const shownDifferences = 10;

function listDifferences({ differences, total }: Verification): string[] {
  const shown = differences.slice(0, shownDifferences);
  return [
    ...shown.map(({ store, table, key, what }) => `  ${store} ${table} ${key}: ${what}`),
    ...(total > shown.length
      ? [`  and ${(total - shown.length).toLocaleString("en")} more: {mybroker} seed --verify -o json`]
      : []),
  ];
}

export function renderVerification(verification: Verification): string[] {
  const { total, stores, tookMs, counts } = verification;
  const compared = Object.entries(counts).map(([name, count]) => `${name} ${count.toLocaleString("en")}`);
  return [
    `Verified: ${countOf(total, "difference")} over ${countOf(stores, "store")} in ${formatDuration(tookMs)}.`,
    ...inLines(compared),
    ...listDifferences(verification),
    total > 0
      ? "Again, once nothing is on its way:  {mybroker} seed --verify"
      : "Next:  {mybroker} tail orders      {mybroker} doctor",
  ];
}

const screenWidth = 80;

/** Items two blanks apart, as many a line as fit. */
function inLines(items: readonly string[]): string[] {
  const lines: string[] = [];
  for (const item of items) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 2 + item.length > screenWidth) lines.push(`  ${item}`);
    else lines[lines.length - 1] = `${line}  ${item}`;
  }
  return lines;
}
