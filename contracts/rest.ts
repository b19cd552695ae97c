import Type, { type Static } from "typebox";
import {
  Amount,
  Count,
  Id,
  maybe,
  OrderStatus,
  OrderType,
  Price,
  Quantity,
  Reason,
  Side,
  Ticker,
  Time,
  TimeInForce,
} from "./fields.js";
import { TransactionType } from "./messages.js";

/** Every REST body, once. Requests refuse fields that they do not know. */
const strict = { additionalProperties: false } as const;

/** application/problem+json (RFC 9457). */
export const ProblemBody = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  /** Stable: what a program goes by. */
  code: Type.String(),
  /** Of the body, the query or the path. */
  field: Type.Optional(Type.String()),
  requestId: Type.String(),
  /** Where the refusal left an order behind. */
  orderId: Type.Optional(Id),
});
export type ProblemBody = Static<typeof ProblemBody>;

export const Role = Type.Enum(["USER", "ADMIN"]);
export type Role = Static<typeof Role>;

export const RegisterBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    email: Type.String({ format: "email", maxLength: 200 }),
    password: Type.String({ minLength: 8, maxLength: 200 }),
  },
  strict,
);
export const LoginBody = Type.Object(
  { email: Type.String({ maxLength: 200 }), password: Type.String({ maxLength: 200 }) },
  strict,
);
export const UserBody = Type.Object({
  userId: Id,
  name: Type.String(),
  email: Type.String(),
  role: Role,
});
export type UserBody = Static<typeof UserBody>;
/** Of register and login. */
export const SessionBody = Type.Object({ token: Type.String(), ...UserBody.properties });
export type SessionBody = Static<typeof SessionBody>;

export const PlaceOrderBody = Type.Object(
  {
    ticker: Ticker,
    quantity: Quantity,
    side: Side,
    /** Needed with LIMIT, refused with MARKET. */
    price: maybe(Price),
    /** Absent: LIMIT with a price, MARKET without. */
    type: Type.Optional(OrderType),
    /** Absent: DAY. */
    timeInForce: Type.Optional(TimeInForce),
  },
  strict,
);
export type PlaceOrderBody = Static<typeof PlaceOrderBody>;

export const OrderBody = Type.Object({
  orderId: Id,
  userId: Id,
  ticker: Ticker,
  side: Side,
  type: OrderType,
  timeInForce: TimeInForce,
  quantity: Quantity,
  /** The limit; of a MARKET order its protection price. */
  price: Price,
  status: OrderStatus,
  cumQuantity: Count,
  leavesQuantity: Count,
  /** Mean price of what is executed; null until then. */
  averagePrice: Type.Union([Amount, Type.Null()]),
  /** Code of a refusal; null otherwise. */
  reason: Type.Union([Reason, Type.Null()]),
  /** DELETE was accepted and the exchange has not answered yet. */
  cancelRequested: Type.Boolean(),
  createdAt: Time,
  updatedAt: Time,
});
export type OrderBody = Static<typeof OrderBody>;

/** A page of anything, newest first; `next` goes into ?cursor= and is null on the last page. */
export function pageOf<T extends Type.TSchema>(item: T) {
  return Type.Object({ items: Type.Array(item), next: Type.Union([Type.String(), Type.Null()]) });
}
export const PageQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
    cursor: Type.Optional(Type.String({ maxLength: 200 })),
  },
  strict,
);

export const MoneyBody = Type.Object({ amount: Type.Number({ exclusiveMinimum: 0 }) }, strict);
export const CustodyBody = Type.Object(
  {
    userId: Id,
    ticker: Ticker,
    quantity: Quantity,
    /** What the shares cost, for their average price; absent: 0. */
    unitPrice: maybe(Price),
  },
  strict,
);

export const WalletSummary = Type.Object({
  userId: Id,
  available: Amount,
  blocked: Amount,
  /** available + blocked. */
  total: Amount,
  updatedAt: Time,
});
export type WalletSummary = Static<typeof WalletSummary>;

export const Position = Type.Object({
  ticker: Ticker,
  available: Type.Integer({ minimum: 0 }),
  blocked: Type.Integer({ minimum: 0 }),
  totalCost: Amount,
  /** null with no shares. */
  averagePrice: Type.Union([Amount, Type.Null()]),
  /** Last known; null where none is. */
  price: Type.Union([Price, Type.Null()]),
});
export type Position = Static<typeof Position>;

export const Transaction = Type.Object({
  transactionId: Id,
  sequence: Type.Integer({ minimum: 1 }),
  transactionType: TransactionType,
  amount: Amount,
  ticker: Type.Union([Ticker, Type.Null()]),
  quantity: Type.Union([Type.Integer(), Type.Null()]),
  orderId: Type.Union([Id, Type.Null()]),
  executionId: Type.Union([Id, Type.Null()]),
  balanceAfter: Amount,
  blockedBalanceAfter: Amount,
  createdAt: Time,
});
export type Transaction = Static<typeof Transaction>;

/** PUT /internal/v1/reservations/{orderId}. */
export const ReservationBody = Type.Object(
  { userId: Id, ticker: Ticker, side: Side, quantity: Quantity, unitPrice: Price },
  strict,
);
export type ReservationBody = Static<typeof ReservationBody>;
export const Reservation = Type.Object({ orderId: Id, state: Type.Enum(["HELD", "RELEASED"]) });
export type Reservation = Static<typeof Reservation>;

export const Asset = Type.Object({
  ticker: Ticker,
  name: Type.String(),
  kind: Type.Enum(["SHARE", "FUND", "ETF"]),
  lotSize: Type.Integer({ minimum: 1 }),
  tick: Price,
  status: Type.Enum(["ACTIVE", "INACTIVE"]),
});
export type Asset = Static<typeof Asset>;

export const AssetPrice = Type.Object({
  ticker: Ticker,
  price: Price,
  updatedAt: Time,
  /** Older than its refresh was due. */
  stale: Type.Boolean(),
});
export type AssetPrice = Static<typeof AssetPrice>;

export const Execution = Type.Object({
  executionId: Id,
  orderId: Id,
  /** null: the liquidity provider. */
  counterOrderId: Type.Union([Id, Type.Null()]),
  ticker: Ticker,
  side: Side,
  price: Price,
  quantity: Quantity,
  executedAt: Time,
});
export type Execution = Static<typeof Execution>;

const BookLevel = Type.Object({ price: Price, quantity: Type.Integer(), orders: Type.Integer() });
export const Book = Type.Object({
  ticker: Ticker,
  /** Best first; the provider's quotes are among them. */
  bids: Type.Array(BookLevel),
  asks: Type.Array(BookLevel),
  /** Reference price; null before the first. */
  reference: Type.Union([Price, Type.Null()]),
});
export type Book = Static<typeof Book>;

export const Quote = Type.Object({
  ticker: Ticker,
  price: Price,
  changePercent: Type.Number(),
  time: Time,
});
export type Quote = Static<typeof Quote>;

/** An order as its latest event told it. */
export const OrderReport = Type.Object({
  orderId: Id,
  ticker: Ticker,
  side: Side,
  type: OrderType,
  timeInForce: TimeInForce,
  quantity: Quantity,
  price: Price,
  status: OrderStatus,
  cumQuantity: Count,
  leavesQuantity: Count,
  /** Of the last execution that an event told of. */
  executedPrice: Type.Union([Price, Type.Null()]),
  reason: Type.Union([Reason, Type.Null()]),
  updatedAt: Time,
});
export type OrderReport = Static<typeof OrderReport>;

/** A movement of an account as its event told it. */
export const StatementLine = Type.Object({
  eventId: Id,
  transactionType: TransactionType,
  amount: Amount,
  ticker: Type.Union([Ticker, Type.Null()]),
  quantity: Type.Union([Type.Integer(), Type.Null()]),
  orderId: Type.Union([Id, Type.Null()]),
  executionId: Type.Union([Id, Type.Null()]),
  balanceAfter: Amount,
  blockedBalanceAfter: Amount,
  createdAt: Time,
});
export type StatementLine = Static<typeof StatementLine>;

/** An account as its latest event told it. */
export const AccountReport = Type.Object({ available: Amount, blocked: Amount, updatedAt: Time });
export type AccountReport = Static<typeof AccountReport>;

/** A page of the lines, and where the account stands; null before its first event. */
export const Statement = Type.Object({
  account: Type.Union([AccountReport, Type.Null()]),
  ...pageOf(StatementLine).properties,
});

export const PricePoint = Type.Object({ ticker: Ticker, price: Price, volume: Type.Number(), time: Time });
export type PricePoint = Static<typeof PricePoint>;

/** One dependency of GET /health/ready. */
export const DependencyHealth = Type.Object({
  name: Type.String(),
  ok: Type.Boolean(),
  latencyMs: Type.Number(),
  /** Why not, in one line; absent where ok. */
  problem: Type.Optional(Type.String()),
});
export const ReadyBody = Type.Object({
  status: Type.Enum(["ready", "not-ready"]),
  service: Type.String(),
  dependencies: Type.Array(DependencyHealth),
});
export type ReadyBody = Static<typeof ReadyBody>;
