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
  ResultStatus,
  Side,
  Ticker,
  Time,
  TimeInForce,
} from "./fields.js";

/**
 * Every message, once. Readers ignore fields that they do not know; an optional one that is absent means what its
 * comment says. Each message has a messageId, as the property of AMQP or a header of Kafka.
 */

/** Broker to exchange. */
export const OrderMessage = Type.Object({
  messageId: Type.Optional(Id),
  orderId: Id,
  /** Absent: NEW. CANCEL needs the orderId only. */
  action: Type.Optional(Type.Enum(["NEW", "CANCEL"])),
  ticker: Type.Optional(Ticker),
  quantity: Type.Optional(Quantity),
  /** The limit; of a MARKET order its protection price. */
  price: maybe(Price),
  side: Type.Optional(Side),
  /** Absent: LIMIT. */
  type: Type.Optional(OrderType),
  /** Absent: DAY. */
  timeInForce: Type.Optional(TimeInForce),
  eventTimestamp: Type.Optional(Time),
});
export type OrderMessage = Static<typeof OrderMessage>;

/** Exchange to broker. */
export const ResultMessage = Type.Object({
  messageId: Type.Optional(Id),
  orderId: Id,
  status: ResultStatus,
  executedPrice: maybe(Price),
  /** Absent with FILLED: a whole fill by a simple exchange, known as 'orderId:1'. */
  executionId: maybe(Id),
  /** Of this execution only. */
  executedQuantity: maybe(Count),
  cumQuantity: maybe(Count),
  leavesQuantity: maybe(Count),
  /** 1, 2, … per order. */
  orderSeq: maybe(Type.Integer({ minimum: 1 })),
  reason: maybe(Reason),
  eventTimestamp: Type.Optional(Time),
});
export type ResultMessage = Static<typeof ResultMessage>;

/** Kafka order-events-v1, key userId. */
export const OrderEvent = Type.Object({
  orderId: Id,
  userId: Id,
  ticker: Ticker,
  quantity: Quantity,
  price: Price,
  /** null until something is executed; of this execution. */
  executedPrice: Type.Union([Price, Type.Null()]),
  side: Side,
  status: OrderStatus,
  eventTimestamp: Time,
  eventId: Type.Optional(Id),
  /** Per order, from 1: a higher one is later. */
  version: Type.Optional(Type.Integer({ minimum: 1 })),
  type: Type.Optional(OrderType),
  timeInForce: Type.Optional(TimeInForce),
  /** With executedPrice: absent means 'orderId:1' and the whole quantity. */
  executionId: maybe(Id),
  executedQuantity: maybe(Count),
  cumQuantity: maybe(Count),
  leavesQuantity: maybe(Count),
  reason: maybe(Reason),
});
export type OrderEvent = Static<typeof OrderEvent>;

export const TransactionType = Type.Enum([
  "RESERVE",
  "SETTLEMENT",
  "REFUND",
  "DEPOSIT",
  "WITHDRAWAL",
  "CUSTODY_IN",
  "CUSTODY_OUT",
]);
export type TransactionType = Static<typeof TransactionType>;

/** Kafka wallet-events-v1, key userId. */
export const WalletEvent = Type.Object({
  eventId: Id,
  userId: Id,
  transactionType: TransactionType,
  /** Of cash, as it moved: above zero where it became available, below where it left; 0 where only shares moved. */
  amount: Amount,
  ticker: maybe(Ticker),
  orderId: maybe(Id),
  /** Available cash. */
  balanceAfter: Amount,
  blockedBalanceAfter: Amount,
  eventTimestamp: Time,
  /** Of shares, as it moved: a purchase above zero, a sale below. */
  quantity: maybe(Type.Integer()),
  /** Shares of the ticker that are held for sell orders. */
  blockedQuantityAfter: maybe(Type.Integer({ minimum: 0 })),
  /** Per account, from 1, without gaps. */
  sequence: Type.Optional(Type.Integer({ minimum: 1 })),
  executionId: maybe(Id),
});
export type WalletEvent = Static<typeof WalletEvent>;

/** Kafka trading-assets-market-data-v1, key ticker. */
export const MarketDataEvent = Type.Object({
  ticker: Ticker,
  name: Type.String({ maxLength: 200 }),
  short_name: Type.String({ maxLength: 200 }),
  price: Price,
  volume: Type.Number({ minimum: 0 }),
  updated_at: Time,
});
export type MarketDataEvent = Static<typeof MarketDataEvent>;

/** JSON at market:price:{TICKER} in b3-market-cache. */
export const MarketPrice = Type.Object({
  ticker: Ticker,
  regularMarketPrice: Price,
  regularMarketChangePercent: Type.Number(),
  regularMarketTime: Time,
});
export type MarketPrice = Static<typeof MarketPrice>;

/** The key of MarketPrice in b3-market-cache, and of the plain price in broker-asset-cache. */
export function marketPriceKey(ticker: string): string {
  return `market:price:${ticker}`;
}
