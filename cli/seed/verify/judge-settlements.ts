import { findInstrument } from "../../../kit/instruments.js";
import { type Findings, places } from "./finding.js";
import type { Told } from "./judge-exchange.js";
import type { ReservationRow, SettlementRow } from "./sources.js";

interface Settled {
  readonly orderId: string;
  readonly reservation: ReservationRow | undefined;
  readonly settlements: readonly SettlementRow[];
  readonly told: Told;
  readonly findings: Findings;
}

/** Each execution is settled once: paid and received are price times quantity, and what was held too much came back. */
export function judgeSettlements({ orderId, reservation, settlements, told, findings }: Settled): void {
  const rows = settlements.filter(({ transaction_type }) => transaction_type === "SETTLEMENT");
  for (const [id] of told.executions)
    if (!rows.some(({ execution_id }) => execution_id === id))
      findings.add(
        { place: places.transactions, key: `${orderId} ${id}`, certainty: "late" },
        "missing",
        "the SETTLEMENT is missing, and the exchange has executed it",
      );
  for (const settlement of settlements) judgeOne(settlement, { reservation, told, findings });
  judgeRefunds(reservation, settlements, findings);
  if (reservation === undefined) {
    if (settlements.length > 0)
      findings.add(
        { place: places.reservations, key: orderId, certainty: "sure" },
        "missing",
        "is missing, and the ledger has settlements of it",
      );
    return;
  }
  const settled = rows.reduce((sum, { quantity }) => sum + Math.abs(quantity ?? 0), 0);
  const row = { place: places.reservations, key: orderId, certainty: "sure" } as const;
  findings.compare(row, "the ledger", [["settled", reservation.settled, settled]]);
  if (reservation.state === "HELD" && reservation.released !== 0)
    findings.add(row, "state", `state HELD, and ${reservation.released} released`);
}

/** A line of the ledger, as findings name it. */
export function keyOf({ user_id, sequence }: Pick<SettlementRow, "user_id" | "sequence">): string {
  return `${user_id} ${sequence}`;
}

function judgeOne(
  settlement: SettlementRow,
  { reservation, told, findings }: Pick<Settled, "reservation" | "told" | "findings">,
): void {
  const { execution_id, transaction_type, amount, quantity, ticker, user_id } = settlement;
  const row = { place: places.transactions, key: keyOf(settlement), certainty: "sure" } as const;
  const result = told.executions.get(execution_id);
  if (result === undefined)
    findings.add(
      { ...row, certainty: "late" },
      "unknown",
      `settles execution ${execution_id}, and the exchange knows no such execution of order ${settlement.order_id}`,
    );
  if (!reservation?.user_id) return;
  findings.compare(row, "its reservation", [
    ["user_id", user_id, reservation.user_id],
    ["ticker", ticker, findInstrument(reservation.ticker ?? "")?.baseTicker ?? reservation.ticker],
  ]);
  if (result === undefined || transaction_type !== "SETTLEMENT") return;
  const sign = reservation.side === "BUY" ? 1 : -1;
  findings.compare({ ...row, certainty: "late" }, "the exchange", [
    ["quantity", quantity, sign * (result.quantity ?? 0)],
    ["$amount", amount, -sign * (result.price ?? 0) * (result.quantity ?? 0)],
  ]);
}

/** A purchase below its limit gives the difference back. */
function judgeRefunds(
  reservation: ReservationRow | undefined,
  settlements: readonly SettlementRow[],
  findings: Findings,
): void {
  for (const settlement of settlements) {
    if (settlement.transaction_type !== "SETTLEMENT") continue;
    const { execution_id, quantity, amount } = settlement;
    const refund = settlements.find(
      (one) => one.execution_id === execution_id && one.transaction_type !== "SETTLEMENT",
    );
    const held = (reservation?.unit_price ?? 0) * (quantity ?? 0);
    const spared = reservation?.side === "BUY" ? held + amount : 0;
    if ((refund?.amount ?? 0) === spared) continue;
    const row = { place: places.transactions, key: keyOf(refund ?? settlement), certainty: "sure" } as const;
    findings.compare(row, "its reservation", [["$amount of the REFUND", refund?.amount ?? 0, spared]]);
  }
}
