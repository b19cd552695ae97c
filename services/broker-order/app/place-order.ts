import type { PlaceOrderBody } from "../../../contracts/rest.js";
import { type Money, parseMoney } from "../../../kit/money.js";
import { ServiceUnavailable } from "../../shared/http/client.js";
import { Problem, refuse as refuseRequest } from "../../shared/http/problem.js";
import type { Log } from "../../shared/log.js";
import { checkWish, type MatchingMode, protectionPrice, readWish, type Wish } from "../domain/check-order.js";
import { hold, refuse } from "../domain/lifecycle.js";
import { type Order, openOrder } from "../domain/order.js";
import { changeOrder, insertOrder } from "./change-order.js";
import { giveUp } from "./give-up.js";
import type { Assets, OrderStore, ReserveAnswer, Wallet } from "./ports.js";

export interface PlacePorts {
  readonly store: OrderStore;
  readonly assets: Assets;
  readonly wallet: Wallet;
  readonly mode: MatchingMode;
  readonly log: Pick<Log, "info" | "warn">;
}

export interface PlaceRequest {
  readonly orderId: string;
  readonly user: { readonly userId: string; readonly token: string };
  readonly body: PlaceOrderBody;
}

/**
 * Takes an order: checked, stored, its money or shares held, and only then published. docs/order-flow.md says what
 * may go wrong between two of these steps.
 * @throws Refusal, Problem 422 (the wallet's refusal) or 503, both with the order that they leave behind
 */
export async function placeOrder(ports: PlacePorts, { orderId, user, body }: PlaceRequest): Promise<Order> {
  const wish = readWish(body);
  const price = await findPrice(ports, wish, user.token);
  const order = openOrder({ ...wish, orderId, userId: user.userId, price }, Date.now());
  await insertOrder(ports.store, order);
  const answer = await reserve(ports, order);
  if (answer === undefined) throw await abandonOrder(ports, orderId);
  if (!answer.held) {
    await changeOrder(ports.store, orderId, (found) => refuse(found, answer.code, Date.now()));
    throw new Problem({ status: 422, code: answer.code, title: answer.title, orderId });
  }
  const held = await changeOrder(ports.store, orderId, (found) => hold(found, Date.now()));
  // Given up meanwhile, by the sweeper or by a recovery.
  if (held?.reservation !== "HELD") throw walletUnavailable(orderId);
  ports.log.info({ orderId }, "order placed");
  return held;
}

/** The limit to send; all that depends on the asset is checked. */
async function findPrice({ assets, mode }: PlacePorts, wish: Wish, token: string): Promise<Money> {
  const asset = await assets.find(wish.ticker, token);
  if (asset === undefined) {
    throw refuseRequest("UNKNOWN_TICKER", `${wish.ticker} is not known.`, "ticker");
  }
  checkWish(wish, asset, mode);
  if (wish.price !== undefined) return wish.price;
  const last = await assets.findPrice(wish.ticker, token);
  if (last === undefined) throw refuseRequest("NO_PRICE", `${wish.ticker} has no price yet.`, "ticker");
  return protectionPrice(wish, last, parseMoney(asset.tick));
}

/** undefined: nobody knows whether the wallet holds. */
async function reserve({ wallet, log }: PlacePorts, order: Order): Promise<ReserveAnswer | undefined> {
  try {
    return await wallet.reserve(order);
  } catch (error) {
    if (!(error instanceof ServiceUnavailable)) throw error;
    log.warn({ orderId: order.orderId, problem: error.message }, "wallet away");
    return undefined;
  }
}

async function abandonOrder(ports: PlacePorts, orderId: string): Promise<Problem> {
  await giveUp(ports, orderId);
  return walletUnavailable(orderId);
}

function walletUnavailable(orderId: string): Problem {
  const title = "The wallet does not answer; the order is rejected and nothing is held for it.";
  return new Problem({ status: 503, code: "WALLET_UNAVAILABLE", title, orderId });
}

/**
 * What an interrupted attempt left behind under this id, as the answer to it; undefined: nothing.
 * @throws Problem as placeOrder would have
 */
export async function recoverOrder(ports: PlacePorts, orderId: string): Promise<Order | undefined> {
  const found = await ports.store.find(orderId);
  if (found === undefined) return undefined;
  const order = found.reservation === "REQUESTED" ? await giveUp(ports, orderId) : found;
  if (order === undefined || order.reservation === "HELD") return order;
  if (order.reason === null || order.reason === "WALLET_UNAVAILABLE") throw walletUnavailable(orderId);
  throw new Problem({ status: 422, code: order.reason, title: "The wallet refused the order.", orderId });
}
