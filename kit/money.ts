declare const moneyBrand: unique symbol;

/** An amount as a safe integer count of 1/10000 BRL: R$ 38.50 is 385000. */
export type Money = number & { readonly [moneyBrand]: true };

/** An amount that cannot be: AMOUNT_INVALID (not a number of at most 4 decimals) or AMOUNT_LIMIT. */
export class MoneyError extends RangeError {
  readonly code: "AMOUNT_INVALID" | "AMOUNT_LIMIT";

  constructor(code: MoneyError["code"], value: unknown) {
    super(
      code === "AMOUNT_LIMIT"
        ? `${value} is beyond R$ ${formatDecimal(amountLimit)}`
        : `${value} is not an amount with at most 4 decimals`,
    );
    this.code = code;
  }
}

const scale = 10_000;

/** R$ 99,999,999,999.9999: no amount is beyond it, in either direction. */
export const amountLimit = 999_999_999_999_999 as Money;
/** R$ 1,000,000.00. */
export const priceLimit = 10_000_000_000 as Money;
export const quantityLimit = 10_000_000;
export const noMoney = 0 as Money;

/** A count of 1/10000 BRL as money. @throws MoneyError */
export function toMoney(tenThousandths: number | bigint): Money {
  const count = Number(tenThousandths);
  if (typeof tenThousandths === "number" && !Number.isInteger(count)) {
    throw new MoneyError("AMOUNT_INVALID", tenThousandths);
  }
  if (Math.abs(count) > amountLimit) throw new MoneyError("AMOUNT_LIMIT", Number(count) / scale);
  // No -0: it is not the 0 of Object.is, and prints as "-0".
  return (count + 0) as Money;
}

/**
 * Reads what a payload has (a JSON number) or a SQL server sends (a decimal string). More than 4 decimals are refused,
 * never rounded, unless they are zeros.
 * @throws MoneyError
 */
export function parseMoney(value: unknown): Money {
  if (typeof value !== "string" && typeof value !== "number") throw new MoneyError("AMOUNT_INVALID", value);
  // JavaScript prints numbers of this size with an exponent.
  if (Math.abs(Number(value)) >= 1e21 && Number.isFinite(value)) throw new MoneyError("AMOUNT_LIMIT", value);
  // The shortest text that reads back as the same number: what the sender wrote, since 15 digits always survive.
  const match = /^(-?)(\d{1,30})(?:\.(\d{1,4})0*)?$/.exec(String(value));
  if (match === null) throw new MoneyError("AMOUNT_INVALID", value);
  const [, sign, whole = "", decimals = ""] = match;
  return toMoney(BigInt(`${sign}${whole}${decimals.padEnd(4, "0")}`));
}

/** 38.5, for a payload: a number that JSON prints with at most 4 decimals. */
export function toPayload(amount: Money): number {
  return Number(formatDecimal(amount));
}

/** "38.5000", as DECIMAL(19,4) has it. */
export function formatDecimal(amount: Money): string {
  const { sign, whole, decimals } = split(amount);
  return `${sign}${whole}.${decimals}`;
}

/** "R$ 38.50" for a screen: two decimals, or as many more as the amount has. */
export function formatMoney(amount: Money): string {
  const { sign, whole, decimals } = split(amount);
  return `${sign}R$ ${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${decimals.replace(/0{1,2}$/, "")}`;
}

function split(amount: Money): { sign: string; whole: string; decimals: string } {
  const digits = String(Math.abs(amount)).padStart(5, "0");
  return { sign: amount < 0 ? "-" : "", whole: digits.slice(0, -4), decimals: digits.slice(-4) };
}

/** @throws MoneyError beyond the limit */
export function addMoney(...amounts: readonly Money[]): Money {
  return amounts.reduce<Money>((sum, amount) => toMoney(sum + amount), noMoney);
}

/** @throws MoneyError beyond the limit */
export function subtractMoney(from: Money, amount: Money): Money {
  return toMoney(from - amount);
}

/** Price times quantity, exact. @throws MoneyError beyond the limit; RangeError for a quantity that is no integer */
export function multiplyMoney(price: Money, quantity: number): Money {
  return toMoney(BigInt(price) * BigInt(quantity));
}
