import type { OrderStatus, OrderType, ResultStatus, Side, TimeInForce } from "../../../contracts/fields.js";
import type { Money } from "../../../kit/money.js";

/** What an order asks for, as it came. */
export interface Terms {
  readonly ticker: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  /** The limit; of a MARKET order its protection price. null: none was sent. */
  readonly price: Money | null;
  readonly quantity: number;
  /** Day of the session in which it came ("2026-11-22"); null: none was open. */
  readonly sessionDate: string | null;
}

/** Of every command: its place in the one sequence, from 1, and its time (Unix, ms), the only time there is. */
interface Sequenced {
  readonly sequence: number;
  readonly at: number;
}

export interface NewOrder extends Sequenced, Terms {
  readonly kind: "NEW";
  readonly orderId: string;
}

export interface CancelOrder extends Sequenced {
  readonly kind: "CANCEL";
  readonly orderId: string;
  /** The last result of an order that does not rest any more; null: it rests, or was never seen. */
  readonly past: PastOrder | null;
}

/** An order that came in a message that cannot be read. */
export interface RefuseOrder extends Sequenced {
  readonly kind: "REFUSE";
  readonly orderId: string;
}

export interface SetPrices extends Sequenced {
  readonly kind: "PRICE";
  /** New reference prices by base ticker; PETR4 is PETR4F's too. */
  readonly prices: readonly (readonly [ticker: string, price: Money])[];
}

/** Expires what came on that day or before. */
export interface EndSession extends Sequenced {
  readonly kind: "SESSION_END";
  readonly date: string;
}

/** The only thing that changes a market. An orderId comes at most once in a NEW, REFUSE or unknown CANCEL. */
export type Command = NewOrder | CancelOrder | RefuseOrder | SetPrices | EndSession;

export interface PastOrder {
  readonly orderSeq: number;
  readonly cumQuantity: number;
}

/** An order as it stands; the last change is its last result. */
export interface Order {
  readonly orderId: string;
  /** Of the command that brought it: its place in time. */
  readonly sequence: number;
  /** null: nothing is known but its id (cancelled before it came, or refused unread). */
  readonly terms: Terms | null;
  status: OrderStatus;
  cumQuantity: number;
  /** What may still be executed; 0 once the status is final. */
  leavesQuantity: number;
  orderSeq: number;
}

/** What is told about an order; its numbers are those right after it. */
export interface Result {
  /** As it stands now, which may be later. */
  readonly order: Order;
  readonly orderSeq: number;
  readonly status: ResultStatus;
  readonly reason: string | null;
  /** Both sides of an execution have the same id: "sequence-n". null: nothing was executed. */
  readonly executionId: string | null;
  /** null: the liquidity provider. */
  readonly counterOrderId: string | null;
  readonly executedPrice: Money | null;
  readonly executedQuantity: number | null;
  readonly cumQuantity: number;
  readonly leavesQuantity: number;
}
