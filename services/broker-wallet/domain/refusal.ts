import { MoneyError } from "../../../kit/money.js";

export type RefusalCode =
  | "NO_FUNDS"
  | "NO_SHARES"
  /** The order's reservation has ended, or was called off before it came. */
  | "RELEASED"
  /** The order has a reservation with other terms. */
  | "RESERVATION_MISMATCH"
  /** An execution of an order for which nothing was ever held. */
  | "NO_RESERVATION"
  /** An event contradicts the reservation of its order. */
  | "EVENT_MISMATCH"
  /** More is executed than is held. */
  | "NOT_HELD"
  | "WORSE_THAN_LIMIT"
  | MoneyError["code"];

/** What a rule forbids; nothing has changed. */
export class Refusal extends Error {
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A Refusal or MoneyError as a Refusal. @throws what is neither */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof MoneyError) return new Refusal(error.code, error.message);
  throw error;
}
