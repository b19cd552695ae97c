import type { Log } from "../../shared/log.js";
import type { Consumer } from "../../shared/messaging/messages.js";
import type { RabbitmqLink } from "../../shared/messaging/rabbitmq-link.js";
import type { Engine } from "../app/engine.js";
import type { PriceFeed } from "../app/price-feed.js";
import { consumeOrders } from "./order-queue.js";

export interface WorkSettings {
  readonly engine: Engine;
  readonly feed: PriceFeed;
  readonly rabbitmq: Pick<RabbitmqLink, "consume">;
  readonly log: Pick<Log, "warn">;
  /** Between two looks at prices and sessions. */
  readonly intervalMs: number;
}

export interface Work {
  /** Why the engine does not work; undefined while it does. */
  readonly problem: string | undefined;
  /** Lets the batch at hand end. */
  close(): Promise<void>;
}

/**
 * Takes orders as soon as the market is built, and looks once a second whether prices have changed or a session has
 * ended. Without prices it goes on with the last ones.
 */
export function startWork({ engine, feed, rabbitmq, log, intervalMs }: WorkSettings): Work {
  let problem: string | undefined = "the market is not built yet";
  let consumer: Consumer | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let cacheProblem: string | undefined;

  const readPrices = async () => {
    try {
      const prices = await feed.readChanged();
      cacheProblem = undefined;
      return prices;
    } catch (error) {
      const reason = String(error);
      if (reason !== cacheProblem) log.warn({ reason }, "no prices: the last ones go on");
      cacheProblem = reason;
      return [];
    }
  };
  const look = async () => {
    try {
      await engine.ensureReady();
      consumer ??= closed ? undefined : consumeOrders(rabbitmq, engine);
      const prices = await readPrices();
      await engine.run(prices.length === 0 ? [] : [{ kind: "PRICE", prices }]);
      problem = undefined;
    } catch (error) {
      // Whether the prices were stored nobody knows.
      feed.forget();
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== problem) log.warn({ reason }, "the engine waits");
      problem = reason;
    }
    if (!closed) timer = setTimeout(next, intervalMs).unref();
  };
  let looking: Promise<void> = Promise.resolve();
  const next = () => {
    looking = look();
  };
  next();
  return {
    get problem() {
      return engine.market === undefined ? (problem ?? "the market is being built") : undefined;
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await looking;
      await consumer?.close();
      await engine.close();
    },
  };
}
