import { messageHeaders } from "../../contracts/message-headers.js";
import type { Style } from "../output/output.js";
import { placeOf } from "./contract-of.js";
import type { OrderMemory } from "./order-memory.js";
import { decode, type StreamRecord } from "./record.js";
import type { Cell } from "./text-line.js";

type Fields = Readonly<Record<string, unknown>>;

export interface Describing {
  readonly style: Style;
  readonly orders: OrderMemory;
}

/**
 * What a message of the brokerage says, in columns; undefined where it is none or not as one has to be: then its
 * payload is shown as it is.
 */
export function describeMessage(record: StreamRecord, describing: Describing): Cell[] | undefined {
  const { contract } = placeOf(record);
  if (contract === undefined) return undefined;
  const value = decode(record);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const cells = describers[contract](value as Fields, describing);
  const reason = record.headers[messageHeaders.reason];
  if (reason === undefined || cells === undefined) return cells;
  // Of a dead letter that matters most, and the line may have no room for the rest.
  const [first = [""], ...others] = cells;
  return [first, [`${reason}  `, describing.style.red], ...others];
}

const describers = {
  OrderEvent: describeOrder,
  OrderMessage: describeOrder,
  ResultMessage: describeResult,
  WalletEvent: describeMovement,
  MarketDataEvent: describeQuote,
} as const;

/** An order on its way to the exchange, or its state as the brokerage tells it. */
function describeOrder(fields: Fields, { style, orders }: Describing): Cell[] | undefined {
  const { orderId, side, quantity, ticker, price, executedPrice, action, reason } = fields;
  if (typeof orderId !== "string") return undefined;
  const order = orders.of(orderId);
  if (side !== undefined) Object.assign(order, { side: text(side), quantity, ticker: text(ticker), price });
  const status = fields.status ?? (action === "CANCEL" ? action : undefined);
  const terms = { ...order, price: executedPrice ?? price ?? order.price };
  return orderCells(terms, { status, reason, filled: fields.cumQuantity }, style);
}

function describeResult(fields: Fields, { style, orders }: Describing): Cell[] | undefined {
  const { orderId, executedPrice, status, reason, cumQuantity } = fields;
  if (typeof orderId !== "string") return undefined;
  const order = orders.of(orderId);
  return orderCells(
    { ...order, price: executedPrice ?? order.price },
    { status, reason, filled: cumQuantity },
    style,
  );
}

interface Terms {
  readonly shortId: string;
  readonly side?: string;
  readonly quantity?: unknown;
  readonly ticker?: string;
  readonly price?: unknown;
}

interface State {
  readonly status: unknown;
  readonly reason: unknown;
  readonly filled: unknown;
}

function orderCells(terms: Terms, { status, reason, filled }: State, style: Style): Cell[] {
  const { shortId, side = "", quantity, ticker = "", price } = terms;
  const partly = status === "PARTIALLY_FILLED" && filled != null;
  const shownStatus = partly ? `PARTIAL ${text(filled)}/${text(quantity)}` : text(status);
  return [
    [`${shortId.padEnd(4)}  `, style.bold],
    [side.padEnd(4), side === "BUY" ? style.green : style.red],
    [` ${text(quantity).padStart(4)} `],
    // Of what came to nothing the reason matters more, and there is room for one.
    [reason == null ? `${`${ticker.padEnd(6)} ${amount(price)}`.padEnd(13)} ` : `${ticker.padEnd(6)} `],
    [shownStatus, colourOf(status, style)],
    [reason == null ? "" : ` ${text(reason)}`],
  ];
}

/** What moved, and what the account has then: on a narrow screen without what is held, and which shares were paid. */
function describeMovement(fields: Fields, { style, orders }: Describing): Cell[] | undefined {
  const { transactionType, orderId, ticker, quantity, balanceAfter, blockedBalanceAfter } = fields;
  if (typeof transactionType !== "string") return undefined;
  const shortId = typeof orderId === "string" ? orders.of(orderId).shortId : "";
  const shares = ticker == null ? "" : `${quantity == null ? "" : `${text(quantity)} `}${text(ticker)}`;
  const movesShares = fields.amount === 0 && shares !== "";
  return [
    [`${shortId.padEnd(4)}  `, style.bold],
    [`${transactionType.padEnd(10)} `],
    [(movesShares ? shares : amount(fields.amount)).padStart(10)],
    [` has ${amount(balanceAfter)}`, style.dim, "whole"],
    [`, held ${amount(blockedBalanceAfter)}`, style.dim, "whole"],
    [movesShares || shares === "" ? "" : `  ${shares}`, undefined, "whole"],
  ];
}

function describeQuote(fields: Fields, { style }: Describing): Cell[] | undefined {
  const { ticker, price, volume, name } = fields;
  if (typeof ticker !== "string") return undefined;
  return [
    [`${ticker.padEnd(6)} `, style.bold],
    [`${amount(price).padStart(8)}  `],
    [`volume ${text(volume)}  ${text(name)}`, style.dim],
  ];
}

function colourOf(status: unknown, style: Style): ((text: string) => string) | undefined {
  if (status === "FILLED" || status === "PARTIALLY_FILLED") return style.green;
  if (status === "REJECTED" || status === "CANCEL_REJECTED") return style.red;
  return status === "CANCELLED" || status === "EXPIRED" || status === "CANCEL" ? style.yellow : undefined;
}

/** A field as it is, whatever somebody put there. */
function text(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** "38.50", "38.4725". */
function amount(value: unknown): string {
  return typeof value === "number" ? value.toFixed(4).replace(/0{1,2}$/, "") : text(value);
}
