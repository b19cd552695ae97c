import type { Kept } from "../../../kit/documents/documents.js";
import { findInstrument } from "../../../kit/instruments.js";
import { type Findings, type Place, places, type Value } from "./finding.js";
import { isFinal, judgeExchange, readTold, type Told } from "./judge-exchange.js";
import { judgeOrderReport, type OrderReportDocument } from "./judge-reports.js";
import { judgeSettlements } from "./judge-settlements.js";
import type {
  BookedRow,
  OrderRow,
  RecordedRow,
  ReservationRow,
  ResultRow,
  SettlementRow,
} from "./sources.js";

/** What all stores have of one order. */
export interface OrderGroup {
  readonly orders: readonly OrderRow[];
  readonly recorded: readonly RecordedRow[];
  readonly reservations: readonly ReservationRow[];
  readonly settlements: readonly SettlementRow[];
  readonly booked: readonly BookedRow[];
  readonly results: readonly ResultRow[];
  readonly reports: readonly Kept<OrderReportDocument>[];
}

/** Holds what all stores have of an order against each other, by the rules of docs/order-flow.md. */
export function judgeOrder(orderId: string, group: OrderGroup, findings: Findings): void {
  const [order] = group.orders;
  const [reservation] = group.reservations;
  const [booked] = group.booked;
  const [report] = group.reports;
  const told = readTold(group.results);
  judgeExchange(orderId, booked, group.results, findings);
  judgeSettlements({ orderId, reservation, settlements: group.settlements, told, findings });
  judgeRecorded(group, told, findings);
  if (order === undefined) {
    const found = [
      ...(reservation?.user_id ? [places.reservations] : []),
      ...(booked === undefined ? [] : [places.booked]),
      ...(report === undefined ? [] : [places.orderReports]),
      ...(group.recorded.length === 0 ? [] : [places.recorded]),
    ];
    if (found.length === 0) return;
    const others = found.map(({ part, table }) => `${table} of ${part}`).join(", ");
    const row = { place: places.orders, key: orderId, certainty: "late" } as const;
    findings.add(row, "missing", `is missing, and it is in ${others}`);
    return;
  }
  judgeTerms({ order, reservation, booked, report: report?.document }, findings);
  judgeState({ order, reservation, booked }, told, findings);
  judgeOrderReport(order, report, findings);
}

/** What the order service counted is what it wrote down, in one transaction; and that is what the exchange executed. */
function judgeRecorded({ orders, recorded, settlements }: OrderGroup, told: Told, findings: Findings): void {
  const [order] = orders;
  const quantity = recorded.reduce((sum, one) => sum + one.quantity, 0);
  const amount = recorded.reduce((sum, one) => sum + one.price * one.quantity, 0);
  if (order !== undefined)
    findings.compare(
      { place: places.orders, key: order.order_id, certainty: "sure" },
      "the sum of its executions",
      [
        ["recorded_quantity", order.recorded_quantity, quantity],
        ["$recorded_amount", order.recorded_amount, amount],
      ],
    );
  const orderId = order?.order_id ?? recorded[0]?.order_id ?? "";
  const rows = new Map(recorded.map((one) => [one.execution_id, one]));
  for (const [id, result] of told.executions) {
    const key = `${orderId || result.order_id} ${id}`;
    const row = { place: places.recorded, key, certainty: "late" } as const;
    const one = rows.get(id);
    if (one === undefined) {
      findings.add(row, "missing", "is missing, and the exchange has executed it");
      continue;
    }
    const settled = settlements.find(
      (entry) => entry.execution_id === id && entry.transaction_type === "SETTLEMENT",
    );
    const agreed = settled !== undefined && Math.abs(settled.amount) === one.price * one.quantity;
    const differs = one.price !== result.price || one.quantity !== result.quantity;
    // Two that say the same against one.
    if (agreed && differs)
      findings.compare(
        { place: places.results, key: `${result.order_id} ${result.order_seq}`, certainty: "late" },
        "broker-order as well as the wallet",
        [
          ["$executed_price", result.price, one.price],
          ["executed_quantity", result.quantity, one.quantity],
        ],
      );
    else
      findings.compare(row, "the exchange", [
        ["$price", one.price, result.price],
        ["quantity", one.quantity, result.quantity],
      ]);
  }
  for (const [id, { order_id }] of rows)
    if (!told.executions.has(id))
      findings.add(
        { place: places.recorded, key: `${order_id} ${id}`, certainty: "late" },
        "unknown",
        "the exchange knows no such execution",
      );
}

interface Copies {
  readonly order: OrderRow;
  readonly reservation: ReservationRow | undefined;
  readonly booked: BookedRow | undefined;
  readonly report?: OrderReportDocument | undefined;
}

type Copy = readonly [place: Place, value: Value];

/** They never change, so whoever differs from most of the others is wrong; of two, who is not the order service. */
function judgeTerms({ order, reservation, booked, report }: Copies, findings: Findings): void {
  const held = reservation?.user_id ? reservation : undefined;
  const listed = booked?.ticker ? booked : undefined;
  const reportPrice = report === undefined ? undefined : Math.round(report.price * 10_000);
  const terms: readonly (readonly [string, Value, Value, Value, Value])[] = [
    ["user_id", order.user_id, held?.user_id, undefined, report?.owner],
    ["ticker", order.ticker, held?.ticker, listed?.ticker, report?.ticker],
    ["side", order.side, held?.side, listed?.side, report?.side],
    ["quantity", order.quantity, held?.quantity, listed?.quantity, report?.quantity],
    ["$price", order.price, held?.unit_price, listed?.price, reportPrice],
    ["type", order.type, undefined, listed?.type, report?.type],
    ["time_in_force", order.time_in_force, undefined, listed?.time_in_force, report?.timeInForce],
  ];
  for (const [name, ours, atWallet, atExchange, inReport] of terms) {
    const same = (value: Value) => value === undefined || value === ours;
    if (same(atWallet) && same(atExchange) && same(inReport)) continue;
    const copies: readonly Copy[] = [
      [places.orders, ours],
      [places.reservations, atWallet],
      [places.booked, atExchange],
      [places.orderReports, inReport],
    ];
    blame(order.order_id, name, copies, findings);
  }
  if (findInstrument(order.ticker) === undefined)
    findings.add(
      { place: places.orders, key: order.order_id, certainty: "sure" },
      "ticker",
      `ticker ${order.ticker} is none that is known`,
    );
}

function blame(orderId: string, name: string, copies: readonly Copy[], findings: Findings): void {
  const there = copies.filter(([, value]) => value !== undefined);
  const votes = (wanted: Value) => there.filter(([, value]) => value === wanted).length;
  const most = Math.max(...there.map(([, value]) => votes(value)));
  const [agreed] = there.filter(([, value]) => votes(value) === most).map(([, value]) => value);
  const source = there
    .filter(([, value]) => value === agreed)
    .map(([{ part }]) => part)
    .join(" and ");
  for (const [place, value] of there)
    findings.compare({ place, key: orderId, certainty: "late" }, source, [[name, value, agreed]]);
}

/** Status, quantities and what is held follow from what the exchange told. */
function judgeState({ order, reservation, booked }: Copies, told: Told, findings: Findings): void {
  const { order_id: key, quantity, reservation: state } = order;
  const row = { place: places.orders, key, certainty: "late" } as const;
  const sent = state === "HELD";
  if (state === "REQUESTED")
    findings.add(
      row,
      "reservation",
      "reservation REQUESTED: the wallet was asked, and its answer is not there",
    );
  if (sent && booked === undefined)
    findings.add({ ...row, place: places.booked }, "missing", "is missing, and broker-order has sent it");
  if (!sent && booked !== undefined)
    findings.add(row, "reservation", `reservation ${state}, and yet the exchange has the order`);
  if (sent)
    findings.compare(row, "the exchange", [
      ["status", order.status, told.status],
      ["reason", order.reason, told.reason],
      ["cum_quantity", order.cum_quantity, told.executed],
      ["status_seq", order.status_seq, told.statusSeq],
    ]);
  else if (state !== "REQUESTED")
    findings.compare(row, "its reservation", [
      ["status", order.status, "REJECTED"],
      ["cum_quantity", order.cum_quantity, 0],
      ["status_seq", order.status_seq, 0],
    ]);
  const held = { place: places.reservations, key, certainty: "late" } as const;
  if (reservation === undefined) {
    findings.add(held, "missing", `is missing, and broker-order has the order as ${order.status}`);
    return;
  }
  const final = sent ? isFinal(told.status) : true;
  const isTombstone = reservation.user_id === null;
  if (isTombstone && sent) findings.add(held, "user_id", "holds nothing, and the order was sent");
  findings.compare(held, sent ? "the exchange" : "broker-order", [
    ["state", reservation.state, final ? "RELEASED" : "HELD"],
    ["settled", reservation.settled, told.executed],
    ["released", reservation.released, final && !isTombstone ? quantity - told.executed : 0],
  ]);
}
