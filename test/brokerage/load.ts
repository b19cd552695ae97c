import { randomUUID } from "node:crypto";
import type { OrderBody, PlaceOrderBody } from "../../contracts/rest.js";
import { call, type Investor } from "./investor.js";

/** An order and what became of it, after as many tries under one Idempotency-Key as it took. */
export interface PlacedOrder {
  readonly key: string;
  readonly investor: Investor;
  readonly body: PlaceOrderBody;
  /** undefined until there is an answer that is final: 201 or 422. */
  answer:
    | { readonly status: number; readonly orderId: string | undefined; readonly code: string }
    | undefined;
  tries: number;
}

export interface Load {
  readonly orders: readonly PlacedOrder[];
  /** How often each answer came that was not final: "503 STORE_UNAVAILABLE", "none". */
  readonly repeated: ReadonlyMap<string, number>;
  /** As many more may be placed. */
  allow(more: number): void;
  /** Places no more; resolves when each has its answer. @throws Error after `limitMs` */
  finish(limitMs: number): Promise<void>;
}

export interface LoadOptions {
  readonly gateway: string;
  readonly investors: readonly Investor[];
  readonly perSecond: number;
  /** Orders, until more are allowed. */
  readonly most: number;
  readonly random: () => number;
}

/** More than so many are not tried at a time: they would hold up what recovers. */
const openAtMost = 60;

/** Orders that somebody wants to be placed, whatever fails: each is tried until it is answered. Some are cancelled. */
export function startLoad({ gateway, investors, perSecond, random, ...options }: LoadOptions): Load {
  const orders: PlacedOrder[] = [];
  const repeated = new Map<string, number>();
  const open = new Set<Promise<void>>();
  let isOver = false;
  let { most } = options;
  const place = async (order: PlacedOrder, cancels: boolean) => {
    while (order.answer === undefined && !isOver) {
      order.tries += 1;
      const told = await tryOnce(gateway, order).catch(() => "none");
      if (order.answer !== undefined) break;
      repeated.set(told, (repeated.get(told) ?? 0) + 1);
      await pause(300);
    }
    const { orderId } = order.answer ?? {};
    // Nobody insists on it: what is not cancelled rests.
    if (cancels && orderId !== undefined) await order.investor.cancel(orderId).catch(() => {});
  };
  const timer = setInterval(() => {
    const investor = investors[Math.floor(random() * investors.length)];
    if (investor === undefined || orders.length >= most || open.size >= openAtMost) return;
    const order = { key: randomUUID(), investor, body: wantOrder(random), answer: undefined, tries: 0 };
    orders.push(order);
    const work = place(order, random() < 0.2).finally(() => open.delete(work));
    open.add(work);
  }, 1_000 / perSecond);
  return {
    orders,
    repeated,
    allow(more) {
      most += more;
    },
    async finish(limitMs) {
      clearInterval(timer);
      const limit = setTimeout(() => {
        isOver = true;
      }, limitMs);
      while (open.size > 0) await Promise.all(open);
      clearTimeout(limit);
      const unanswered = orders.filter(({ answer }) => answer === undefined);
      if (unanswered.length > 0)
        throw new Error(`${unanswered.length} orders have no answer: ${unanswered[0]?.key}`);
    },
  };
}

/** @returns what was answered, in short */
async function tryOnce(gateway: string, order: PlacedOrder): Promise<string> {
  const { investor, body, key } = order;
  const url = `${gateway}/api/v1/orders`;
  const headers = { "idempotency-key": key };
  const asked = { token: investor.token, body, headers, timeoutMs: 20_000 };
  const { status, body: answer } = await call<OrderBody & { code?: string }>("POST", url, asked);
  if (status === 201 || status === 422) {
    order.answer = { status, orderId: answer.orderId, code: answer.code ?? "" };
  }
  return `${status} ${answer.code ?? ""}`.trimEnd();
}

/** Crosses with the others' and with the provider's; half of them at a limit near the provider's. */
function wantOrder(random: () => number): PlaceOrderBody {
  const side = random() < 0.5 ? "BUY" : "SELL";
  const quantity = 1 + Math.floor(random() * 5);
  const ticker = random() < 0.5 ? "PETR4F" : "MXRF11";
  if (random() < 0.4) return { ticker, side, quantity, type: "MARKET" };
  const base = ticker === "MXRF11" ? 1_005 : 3_850;
  return { ticker, side, quantity, price: (base + Math.floor((random() - 0.5) * base * 0.06)) / 100 };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Orders that are there twice, or are lost, a line each. One that was rejected without an answer was given up on the
 * way, and its repeat is another order.
 * @param all what the order service has of these investors
 */
export function findStrays(
  placed: readonly PlacedOrder[],
  all: readonly { readonly orderId?: unknown; readonly status?: unknown }[],
): string[] {
  const answered = new Set(placed.flatMap(({ answer }) => (answer?.status === 201 ? [answer.orderId] : [])));
  const known = new Set(all.map(({ orderId }) => orderId));
  const count = placed.filter(({ answer }) => answer?.status === 201).length;
  return [
    ...(answered.size === count ? [] : ["two keys have the same order"]),
    ...[...answered].filter((id) => !known.has(id)).map((id) => `order ${id} was accepted and is lost`),
    ...all
      .filter(({ orderId, status }) => status !== "REJECTED" && !answered.has(orderId as string))
      .map(({ orderId, status }) => `order ${orderId} (${status}) was answered to nobody`),
  ];
}
