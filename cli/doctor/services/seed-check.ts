import { existsSync } from "node:fs";
import type { DatabaseSettings } from "../../../kit/sql/database.js";
import { MybrokerError } from "../../errors/mybroker-error.js";
import { countOf } from "../../output/units.js";
import type { Check, DoctorFacts, Finding } from "../check.js";
import { fine } from "../check.js";

/** What of the second is left for rows that differ only because messages are on their way. */
const settleMs = 300;

/** `seed --verify` in brief, where there is a seed. */
export const seedCheck: Check = {
  id: "data.agrees",
  title: "the data of the seed agrees over all stores (seed --verify in brief)",
  finds: ["data.agrees", "data.differs"],
  run: async (facts, signal) => {
    const { findSeedStores } = await import("../../seed/stores.js");
    const place = facts.ground.runtime === "embedded" ? facts.ground.place : undefined;
    const stores = await findSeedStores(facts.request, place).catch(tolerate);
    const wallet = stores?.stores.find(({ part }) => part === "wallet");
    if (stores === undefined || wallet?.kind !== "sql" || !(await isUp(facts, wallet.store))) return [];
    if (!(await hasMark(wallet.settings))) return [];
    const { verifyStores } = await import("../../seed/verify/verify-stores.js");
    const found = await verifyStores(stores, { brief: true, settleMs, signal }).catch(tolerate);
    if (found === undefined) return [];
    const { differences, total, stores: count } = found;
    const [first] = differences;
    if (first === undefined) return [fine("data.agrees", "seed", `no difference over ${count} stores`)];
    return [tell(`${first.store}, ${first.table} ${first.key}: ${first.what}`, total)];
  },
};

/** A store that is away, or files that name none: told where they are looked at. */
function tolerate(error: unknown): undefined {
  if (!(error instanceof MybrokerError)) throw error;
}

async function isUp({ ground, targets }: DoctorFacts, store: string): Promise<boolean> {
  if (ground.runtime !== "embedded") return (await targets()).has(store);
  return ground.status?.services.some(({ name, state }) => name === store && state === "ready") ?? false;
}

async function hasMark(settings: DatabaseSettings): Promise<boolean> {
  // Opening a file that was deleted would make another.
  if (settings.kind === "sqlite" && !existsSync(settings.path)) return false;
  const [{ openBulk }, { markName }] = await Promise.all([
    import("../../../kit/sql/bulk/bulk.js"),
    import("../../seed/load/mark.js"),
  ]);
  const session = await openBulk(settings).catch(() => undefined);
  try {
    // The table comes with the first seed.
    const rows = await session?.query(`select part from ${markName}`).catch(() => []);
    return rows !== undefined && rows.length > 0;
  } finally {
    await session?.close();
  }
}

function tell(first: string, total: number): Finding {
  return {
    id: "data.differs",
    subject: "seed",
    level: "error",
    message: `the data of the seed does not agree: ${countOf(total, "difference")}, the first in ${first}`,
    fix: "{mybroker} seed --verify",
  };
}
