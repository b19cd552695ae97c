import type { SeedPart, SqlPart } from "../world/parts.js";
import { type Finding, Findings, type Place, places } from "./finding.js";
import type { OpenStores } from "./open-stores.js";

interface Sum {
  readonly place: Place & { readonly part: SqlPart };
  readonly what: string;
  readonly isMoney?: true;
  /** Two that are the same at every moment of the database. */
  readonly one: string;
  readonly other: string;
}

const executed = "from results where execution_id is not null";

/** Of single databases, so that what is on its way makes no difference. */
const sums: readonly Sum[] = [
  {
    place: places.accounts,
    what: "cash in all, and what its ledger says was paid in, out and settled",
    isMoney: true,
    one: "select sum(available + blocked) from accounts",
    other:
      "select sum(amount) from transactions where transaction_type in ('DEPOSIT', 'WITHDRAWAL', 'SETTLEMENT')",
  },
  {
    place: places.accounts,
    what: "cash blocked, and what open reservations hold",
    isMoney: true,
    one: "select sum(blocked) from accounts",
    other: `select sum((quantity - settled - released) * unit_price) from reservations
      where side = 'BUY' and quantity > settled + released`,
  },
  {
    place: places.positions,
    what: "shares blocked, and what open reservations hold",
    one: "select sum(blocked) from positions",
    other: `select sum(quantity - settled - released) from reservations
      where side = 'SELL' and quantity > settled + released`,
  },
  {
    place: places.transactions,
    what: "lines, and the last numbers of all ledgers",
    one: "select count(*) from transactions",
    other: "select sum(sequence) from accounts",
  },
  {
    place: places.recorded,
    what: "shares executed, and what the orders say",
    one: "select sum(quantity) from executions",
    other: "select sum(recorded_quantity) from orders",
  },
  {
    place: places.results,
    what: "shares executed, and what the orders say",
    one: `select sum(executed_quantity) ${executed}`,
    other: "select sum(cum_quantity) from orders",
  },
];

/** The parts of the data that have one. */
export const summed: ReadonlySet<SeedPart> = new Set(sums.map(({ place }) => place.part));

/**
 * Sums and gaps alone: rows that are wrong in a way that keeps all sums are not found, and no store is held to another.
 */
export async function compareSums(
  stores: OpenStores,
): Promise<{ counts: Record<string, number>; confirmed: readonly Finding[]; more: number }> {
  const findings = new Findings();
  await Promise.all(
    sums.map(async ({ place, what, isMoney, one, other }) => {
      const [row] = await stores.query<Record<"one" | "other", string | number | null>>(
        place.part,
        `select (${one}) as one, (${other}) as other`,
      );
      const [found, expected] = [Number(row?.one ?? 0), Number(row?.other ?? 0)];
      if (found === expected) return;
      const where = { place, key: "all", certainty: "sure" } as const;
      findings.add(where, what, `${what}: ${found} and ${expected}${isMoney ? " (amounts as stored)" : ""}`);
    }),
  );
  return { counts: { sums: sums.length }, confirmed: findings.list, more: 0 };
}
