import type { OrderType, Side, TimeInForce } from "../../../contracts/fields.js";
import type { Asset, PlaceOrderBody } from "../../../contracts/rest.js";
import { type Money, MoneyError, multiplyMoney, parseMoney, priceLimit } from "../../../kit/money.js";

/** An order that is not taken: a stable code, the field and a sentence. */
export class Refusal extends Error {
  readonly code: string;
  readonly field: string;

  constructor(code: string, field: string, title: string) {
    super(title);
    this.code = code;
    this.field = field;
  }
}

export type MatchingMode = "book" | "reference";

/** What is asked for; without a price at the market. */
export interface Wish {
  readonly ticker: string;
  readonly side: Side;
  readonly quantity: number;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly price: Money | undefined;
}

/**
 * Reads a body that its schema has let through. Without a type it is LIMIT with a price and MARKET without; a MARKET
 * order never rests, so DAY means IOC there.
 * @throws Refusal
 */
export function readWish(body: PlaceOrderBody): Wish {
  const { ticker, side, quantity } = body;
  const price = body.price == null ? undefined : nameField("price", () => parseMoney(body.price));
  const type = body.type ?? (price === undefined ? "MARKET" : "LIMIT");
  const timeInForce = body.timeInForce ?? "DAY";
  if (type === "LIMIT") {
    if (price === undefined) throw new Refusal("PRICE_MISSING", "price", "A LIMIT order needs a price.");
    return { ticker, side, quantity, type, timeInForce, price };
  }
  if (price !== undefined) throw new Refusal("PRICE_REFUSED", "price", "A MARKET order takes no price.");
  return { ticker, side, quantity, type, timeInForce: timeInForce === "DAY" ? "IOC" : timeInForce, price };
}

/** Asset, lot, tick, limits and mode, in this order. @throws Refusal */
export function checkWish(
  wish: Wish,
  asset: Pick<Asset, "status" | "lotSize" | "tick">,
  mode: MatchingMode,
): void {
  if (asset.status !== "ACTIVE") {
    throw new Refusal("INACTIVE_TICKER", "ticker", `${wish.ticker} is not traded.`);
  }
  checkLot(wish, asset.lotSize);
  if (wish.price !== undefined && wish.price % parseMoney(asset.tick) !== 0) {
    throw new Refusal("OFF_TICK", "price", `A price of ${wish.ticker} is a multiple of ${asset.tick}.`);
  }
  if (wish.price !== undefined) checkAmount(wish.price, wish.quantity);
  if (mode === "reference" && (wish.type !== "LIMIT" || wish.timeInForce !== "DAY")) {
    const field = wish.type === "LIMIT" ? "timeInForce" : "type";
    throw new Refusal(
      "UNSUPPORTED_IN_MODE",
      field,
      "In reference mode the exchange takes LIMIT DAY orders only.",
    );
  }
}

/** PETR4F takes what is less than a lot of PETR4. */
function checkLot({ ticker, quantity }: Wish, lotSize: number): void {
  const whole = /^(.+)F$/.exec(ticker)?.[1];
  if (whole !== undefined && quantity > 99) {
    throw new Refusal(
      "ODD_LOT",
      "quantity",
      `${ticker} takes 1 to 99 shares; ${whole} takes whole lots of 100.`,
    );
  }
  if (quantity % lotSize !== 0) {
    const title = `${ticker} is traded in lots of ${lotSize}; ${ticker}F takes 1 to 99 shares.`;
    throw new Refusal("ODD_LOT", "quantity", title);
  }
}

/** @throws Refusal with AMOUNT_LIMIT */
function checkAmount(price: Money, quantity: number): void {
  if (price > priceLimit) throw new Refusal("AMOUNT_LIMIT", "price", "A price is at most R$ 1,000,000.00.");
  nameField("quantity", () => multiplyMoney(price, quantity));
}

/**
 * The limit that a MARKET order is sent with: 5 % off the market price `last`, on the far side's nearest tick, so that
 * nothing executes worse than it and the wallet knows what to hold. @throws Refusal with AMOUNT_LIMIT
 */
export function protectionPrice(
  { side, quantity }: Pick<Wish, "side" | "quantity">,
  last: Money,
  tick: Money,
): Money {
  const exact = last * (side === "BUY" ? 105 : 95);
  const step = tick * 100;
  const below = exact - (exact % step);
  const price = (side === "BUY" && below < exact ? below + step : Math.max(below, step)) / 100;
  checkAmount(price as Money, quantity);
  return price as Money;
}

function nameField<T>(field: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MoneyError)) throw error;
    throw new Refusal(error.code, field, `${error.message}.`);
  }
}
