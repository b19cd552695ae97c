import { formatMoney, parseMoney } from "../../kit/money.js";
import { invalidValue } from "../errors/invalid-value.js";

/** "R$ 38.50" of an amount in a document; "-" where there is none. */
export function moneyText(amount: number | null): string {
  return amount === null ? "-" : formatMoney(parseMoney(amount));
}

/** An amount above zero as it was typed. @throws MybrokerError usage.invalid-value, exit 2 */
export function readAmount(text: string | undefined, what: string, example: string): number {
  if (text !== undefined && /^\d{1,11}(\.\d{1,4})?$/.test(text) && Number(text) > 0) return Number(text);
  throw invalidValue(
    `${what} is an amount above zero with at most 4 decimals, not ${text || "nothing"}`,
    example,
  );
}

/** A number of shares as it was typed. @throws MybrokerError usage.invalid-value, exit 2 */
export function readQuantity(text: string | undefined, example: string): number {
  if (text !== undefined && /^\d{1,8}$/.test(text)) {
    const quantity = Number(text);
    if (quantity >= 1 && quantity <= 10_000_000) return quantity;
  }
  throw invalidValue(`a quantity is 1 to 10000000 whole shares, not ${text || "nothing"}`, example);
}

/** "petr4" as PETR4. @throws MybrokerError usage.invalid-value, exit 2 */
export function readTicker(text: string | undefined, example: string): string {
  const ticker = text?.toUpperCase();
  if (ticker !== undefined && /^[A-Z]{4}[0-9]{1,2}F?$/.test(ticker)) return ticker;
  throw invalidValue(`a ticker is like PETR4, not ${text || "nothing"}`, example);
}
