import { randomUUID } from "node:crypto";
import type { Agent } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { isFinalStatus } from "../../../contracts/order-status.js";
import type { OrderBody, ProblemBody } from "../../../contracts/rest.js";
import type { Brokerage } from "../../brokerage/brokerage.js";
import { ask, NoAnswer, type RestAnswer } from "../../brokerage/rest.js";
import { type Investor, renew } from "./investors.js";
import type { WantedOrder } from "./orders.js";

export interface LoadSetting {
  readonly brokerage: Brokerage;
  readonly investors: readonly Investor[];
  readonly agent: Agent;
  readonly orders: Iterator<WantedOrder>;
  /** Orders a second. */
  readonly rate: number;
  readonly durationMs: number;
  readonly count: number;
  readonly signal: AbortSignal;
}

export interface LoadResult {
  placed: number;
  accepted: number;
  /** Refusals by code; NO_ANSWER where none came. */
  readonly refused: Record<string, number>;
  /** Accepted orders by their status in the end. */
  readonly ended: Record<string, number>;
  /** Not final when the waiting ended, or never answered: nobody knows. */
  unfinished: number;
  /** From the answer to POST until GET says FILLED, of the orders that were followed; ascending. */
  roundTripsMs: number[];
  /** From the first order to the last answer. */
  placingMs: number;
  /** From the first order until the last one was final. */
  elapsedMs: number;
}

/** More orders without an answer than this and the next waits: the rate is then what the system takes. */
const mostOpen = 200;
/** Orders that are asked for again and again, to see their way; the others are asked for in the end. */
const mostFollowed = 4;
const endWithinMs = 30_000;

/** Places orders at even distances, whatever the answers take, follows some of them, and waits until all are final. */
export async function runLoad(setting: LoadSetting): Promise<LoadResult> {
  const run = new LoadRun(setting);
  await run.placeAll();
  await run.waitForAll();
  return run.result;
}

class LoadRun {
  readonly result: LoadResult = {
    placed: 0,
    accepted: 0,
    refused: {},
    ended: {},
    unfinished: 0,
    roundTripsMs: [],
    placingMs: 0,
    elapsedMs: 0,
  };
  readonly #setting: LoadSetting;
  readonly #open = new Set<Promise<void>>();
  readonly #unfinished = new Map<string, Investor>();
  readonly #startedMs = performance.now();
  #followed = 0;

  constructor(setting: LoadSetting) {
    this.#setting = setting;
  }

  async placeAll(): Promise<void> {
    const { rate, durationMs, count, signal, orders } = this.#setting;
    const wanted = Math.min(count, Math.ceil((rate * durationMs) / 1000));
    while (this.result.placed < wanted && !signal.aborted) {
      const dueMs = this.#startedMs + (this.result.placed * 1000) / rate;
      const earlyMs = dueMs - performance.now();
      if (earlyMs > 1) await pause(earlyMs, undefined, { signal }).catch(() => {});
      if (this.#open.size >= mostOpen) await Promise.race(this.#open);
      if (performance.now() - this.#startedMs > durationMs) break;
      this.result.placed += 1;
      const work: Promise<void> = this.#place(orders.next().value as WantedOrder).finally(() =>
        this.#open.delete(work),
      );
      this.#open.add(work);
    }
    await Promise.all(this.#open);
    this.result.placingMs = performance.now() - this.#startedMs;
  }

  /** What was not followed to its end is asked for now. */
  async waitForAll(): Promise<void> {
    const deadlineMs = performance.now() + endWithinMs;
    while (this.#unfinished.size > 0 && performance.now() < deadlineMs) {
      for (const investor of new Set(this.#unfinished.values())) await this.#lookThrough(investor);
      if (this.#unfinished.size > 0) await pause(100);
    }
    this.result.unfinished += this.#unfinished.size;
    this.result.elapsedMs = performance.now() - this.#startedMs;
    this.result.roundTripsMs.sort((left, right) => left - right);
  }

  async #place({ user, body, cancel }: WantedOrder): Promise<void> {
    const { brokerage, investors, agent } = this.#setting;
    const investor = investors[user] as Investor;
    await renew(brokerage, investor, agent);
    const url = `${brokerage.gateway}/api/v1/orders`;
    const answer = await this.#ask({
      method: "POST",
      url,
      body,
      token: investor.token,
      idempotencyKey: randomUUID(),
    });
    if (answer?.status !== 201) return this.#countRefusal(answer);
    this.result.accepted += 1;
    const { orderId } = answer.body as OrderBody;
    this.#unfinished.set(orderId, investor);
    if (cancel) await this.#ask({ method: "DELETE", url: `${url}/${orderId}`, token: investor.token });
    else if (this.#followed < mostFollowed) await this.#follow(orderId, investor);
  }

  #countRefusal(answer: RestAnswer | undefined): void {
    const code =
      answer === undefined ? "NO_ANSWER" : ((answer.body as ProblemBody)?.code ?? `HTTP_${answer.status}`);
    this.result.refused[code] = (this.result.refused[code] ?? 0) + 1;
  }

  async #follow(orderId: string, investor: Investor): Promise<void> {
    this.#followed += 1;
    const answeredMs = performance.now();
    for (let waitMs = 3; waitMs < 500; waitMs *= 1.4) {
      await pause(waitMs);
      const status = await this.#look(orderId, investor);
      if (status === undefined) continue;
      if (status === "FILLED") this.result.roundTripsMs.push(performance.now() - answeredMs);
      break;
    }
    this.#followed -= 1;
  }

  /** Page by page, from the newest on: to ask for each order would be a good part of the load. */
  async #lookThrough(investor: Investor): Promise<void> {
    const unseen = new Set([...this.#unfinished].filter(([, by]) => by === investor).map(([id]) => id));
    for (let next: string | null = ""; next !== null && unseen.size > 0; ) {
      const url = `${this.#setting.brokerage.gateway}/api/v1/orders?limit=200${next && `&cursor=${next}`}`;
      const answer = await this.#ask({ method: "GET", url, token: investor.token });
      if (answer?.status !== 200) return;
      const page = answer.body as { readonly items: readonly OrderBody[]; readonly next: string | null };
      for (const order of page.items) if (unseen.delete(order.orderId)) this.#note(order);
      next = page.next;
    }
  }

  /** The final status; undefined where it is not final yet. */
  async #look(orderId: string, { token }: Investor): Promise<string | undefined> {
    const url = `${this.#setting.brokerage.gateway}/api/v1/orders/${orderId}`;
    const answer = await this.#ask({ method: "GET", url, token });
    return answer?.status === 200 ? this.#note(answer.body as OrderBody) : undefined;
  }

  #note({ orderId, status }: OrderBody): string | undefined {
    if (!isFinalStatus(status) || !this.#unfinished.delete(orderId)) return undefined;
    this.result.ended[status] = (this.result.ended[status] ?? 0) + 1;
    return status;
  }

  async #ask(request: Parameters<typeof ask>[0]): Promise<RestAnswer | undefined> {
    try {
      return await ask({ ...request, agent: this.#setting.agent });
    } catch (error) {
      if (error instanceof NoAnswer) return undefined;
      throw error;
    }
  }
}
