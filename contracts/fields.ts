import Type, { type Static } from "typebox";

/**
 * Fields that messages and REST bodies share. Amounts are checked for their decimals by kit/money, which a schema
 * cannot.
 */

/** Ours are lower-case UUIDs of version 7; a stranger's are taken as they come. A key: no spaces at its end. */
export const Id = Type.String({ minLength: 1, maxLength: 64, pattern: "^[\\x21-\\x7e]+$" });

/** PETR4, B3SA3, or PETR4F for the odd-lot book of a share. */
export const Ticker = Type.String({ pattern: "^[A-Z][A-Z0-9]{3}[0-9]{1,2}F?$", maxLength: 8 });

export const Side = Type.Enum(["BUY", "SELL"]);
export type Side = Static<typeof Side>;

export const OrderType = Type.Enum(["LIMIT", "MARKET"]);
export type OrderType = Static<typeof OrderType>;

export const TimeInForce = Type.Enum(["DAY", "IOC", "FOK"]);
export type TimeInForce = Static<typeof TimeInForce>;

/** Of an order as its owner sees it; the last four are final. */
export const OrderStatus = Type.Enum([
  "PENDING",
  "PARTIALLY_FILLED",
  "FILLED",
  "REJECTED",
  "CANCELLED",
  "EXPIRED",
]);
export type OrderStatus = Static<typeof OrderStatus>;

/** ACCEPTED leaves an order PENDING; CANCEL_REJECTED has no status of its own. */
export const ResultStatus = Type.Enum([
  "ACCEPTED",
  "PARTIALLY_FILLED",
  "FILLED",
  "REJECTED",
  "CANCELLED",
  "EXPIRED",
  "CANCEL_REJECTED",
]);
export type ResultStatus = Static<typeof ResultStatus>;

/** Of shares. */
export const Quantity = Type.Integer({ minimum: 1, maximum: 10_000_000 });
/** Zero where nothing is left or nothing was done. */
export const Count = Type.Integer({ minimum: 0, maximum: 10_000_000 });

/** BRL with at most 4 decimals. */
export const Amount = Type.Number({ minimum: -99_999_999_999.9999, maximum: 99_999_999_999.9999 });
/** BRL, above zero. */
export const Price = Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000 });

/** RFC 3339 in UTC with milliseconds. */
export const Time = Type.String({ format: "date-time", maxLength: 40 });

/** Why something was refused: a stable code such as NO_FUNDS. */
export const Reason = Type.String({ minLength: 1, maxLength: 200 });

/** A field that may be absent or null. */
export function maybe<T extends Type.TSchema>(schema: T) {
  return Type.Optional(Type.Union([schema, Type.Null()]));
}
