import type { Findings } from "./finding.js";
import { judgeOrder, type OrderGroup } from "./judge-order.js";
import { type EntryGroup, judgeEntry } from "./judge-reports.js";
import { judgeUser, type UserGroup } from "./judge-user.js";
import type { Source } from "./open-stores.js";
import * as sql from "./sources.js";
import { countEntry, countOrder, countUser, type Tally } from "./tally.js";

/** What of the stores belongs together by a key, and what holds for it. */
export interface Comparison {
  readonly sources: Readonly<Record<string, Source>>;
  judge(key: string, group: Readonly<Record<string, readonly unknown[]>>, findings: Findings): void;
  count(group: Readonly<Record<string, readonly unknown[]>>, tally: Tally): void;
}

interface Typed<Group> {
  readonly sources: { readonly [Name in keyof Group]: unknown };
  judge(key: string, group: Group, findings: Findings): void;
  count(group: Group, tally: Tally): void;
}

/**
 * The rows of a source are what its columns say; from here on nobody needs to know more of them than the judge does.
 */
function define<Group>(comparison: Typed<Group>): Comparison {
  return comparison as unknown as Comparison;
}

const report = (collection: string) => ({ part: "report", collection }) as const;

export const comparisons: readonly Comparison[] = [
  define<OrderGroup>({
    sources: {
      orders: sql.orders,
      recorded: sql.recorded,
      reservations: sql.reservations,
      settlements: sql.settlements,
      booked: sql.booked,
      results: sql.results,
      reports: report("order_reports"),
    },
    judge: judgeOrder,
    count: countOrder,
  }),
  define<UserGroup>({
    sources: {
      users: sql.users,
      accounts: sql.accounts,
      ledger: sql.ledger,
      positions: sql.positions,
      held: sql.held,
      owners: sql.orderOwners,
      reports: report("account_reports"),
    },
    judge: judgeUser,
    count: countUser,
  }),
  define<EntryGroup>({
    sources: { entries: sql.entries, lines: report("statement_lines") },
    judge: judgeEntry,
    count: countEntry,
  }),
];
