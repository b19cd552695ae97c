import type { OrderBody } from "../../../contracts/rest.js";
import { type Brokerage, brokerageOf } from "../../brokerage/brokerage.js";
import { logInDemoInvestor } from "../../brokerage/demo-investor.js";
import { parts } from "../../brokerage/parts.js";
import { placeOrder } from "../../brokerage/place-order.js";
import { demand } from "../../brokerage/rest.js";
import type { Session } from "../../brokerage/session.js";
import { fetchOrder, isFinal } from "../../brokerage/watch-order.js";
import { MybrokerError } from "../../errors/mybroker-error.js";
import { systemClock } from "../../ready/clock.js";
import type { Check, Finding } from "../check.js";
import { fine } from "../check.js";
import { findRunningServices } from "../servers/running-services.js";

/** Far below every price: nobody sells for it, so that it rests until it is cancelled. */
const wish = { ticker: "PETR4", quantity: 100, side: "BUY", price: 0.01 } as const;
const pauseMs = 10;
/** The exchange takes some milliseconds; so long an order that is not cancelled says little. */
const leastWaitMs = 500;

/** --deep: an order from the gateway to the exchange and back, by the demo investor. */
export const orderCheck: Check = {
  id: "order.passes",
  title: "an order of the demo investor reaches the exchange and is cancelled again",
  finds: ["order.passes", "order.refused", "order.stuck"],
  deepOnly: true,
  run: async (facts, signal) => {
    const gateway = (await facts.targets()).get(parts.gateway);
    const running = await findRunningServices(facts);
    if (gateway === undefined || !running.has(parts.engine)) return [];
    const brokerage = brokerageOf(facts.project, gateway.host);
    try {
      return [await tryOrder(brokerage, signal)];
    } catch (error) {
      if (!(error instanceof MybrokerError)) throw error;
      const message = `no order can be placed: ${error.message}`;
      const fix = error.hint ?? "{mybroker} ps";
      return [{ id: "order.refused", subject: parts.gateway, level: "error", message, fix }];
    }
  },
};

/** The exchange alone can cancel what it has: its answer is that of the whole way, there and back. */
async function tryOrder(brokerage: Brokerage, signal: AbortSignal): Promise<Finding> {
  const legs: string[] = [];
  const measure = async <Result>(name: string, work: Promise<Result>): Promise<Result> => {
    const startedMs = performance.now();
    const result = await work;
    legs.push(`${name} ${Math.round(performance.now() - startedMs)} ms`);
    return result;
  };
  const user = await measure("log in", logInDemoInvestor(brokerage));
  const session: Session = { brokerage, user, token: user.token, suffix: "" };
  const { orderId } = await measure("place", placeOrder(session, wish));
  const url = `${brokerage.gateway}/api/v1/orders/${encodeURIComponent(orderId)}`;
  await measure("ask to cancel", demand({ method: "DELETE", url, token: user.token }));
  const askedMs = performance.now();
  const { status } = await measure("cancelled", waitUntilFinal(session, orderId, signal));
  if (status === "CANCELLED") {
    return fine("order.passes", orderId, `an order went to the exchange and back: ${legs.join(", ")}`);
  }
  const facts = {
    subject: orderId,
    message: `the order ${orderId} was to be cancelled and is ${status}: ${legs.join(", ")}`,
    fix: `{mybroker} tail --trace ${orderId}`,
  };
  // Where most of the time went into the steps before, it may be cancelled a moment later.
  const early = performance.now() - askedMs < leastWaitMs;
  return early
    ? { id: "order.no-answer", level: "unknown", ...facts }
    : { id: "order.stuck", level: "error", ...facts };
}

async function waitUntilFinal(session: Session, orderId: string, signal: AbortSignal): Promise<OrderBody> {
  for (;;) {
    const order = await fetchOrder(session, orderId);
    if (isFinal(order) || signal.aborted) return order;
    await systemClock.sleep(pauseMs, signal);
  }
}
