import type { OrderBody, PlaceOrderBody } from "../../../contracts/rest.js";
import { readAmount, readQuantity, readTicker } from "../../brokerage/money-text.js";
import { orderRefused, placeOrder } from "../../brokerage/place-order.js";
import { type OrderAnswer, readOrder } from "../../brokerage/read-order.js";
import { demand } from "../../brokerage/rest.js";
import { readId, runAction } from "../../brokerage/run-action.js";
import { openSession, type Session } from "../../brokerage/session.js";
import { fetchOrder, isFinal, watchOrder } from "../../brokerage/watch-order.js";
import { exitCodes } from "../../errors/mybroker-error.js";
import type { CommandHandler, CommandRequest, CommandResult } from "../../kernel/command.js";
import { systemClock } from "../../ready/clock.js";
import { describeChange, nextAfter, renderOrder, renderOrders } from "./screen.js";

/** `order`: one action on the orders of one user. */
export const runOrder: CommandHandler = (request) =>
  runAction(request, { buy: place, sell: place, list, show, cancel }, ["list"]);

/** Read before anybody logs in. @throws MybrokerError usage.invalid-value, exit 2 */
function readWish({ args, options }: CommandRequest): PlaceOrderBody {
  const [action = "", ticker, quantity] = args;
  const example = `order ${action} PETR4 100`;
  const price = options.price as string | undefined;
  const tif = options.tif as string | undefined;
  return {
    ticker: readTicker(ticker, example),
    quantity: readQuantity(quantity, example),
    side: action === "sell" ? "SELL" : "BUY",
    ...(price === undefined ? {} : { price: readAmount(price, "a price", `${example} --price 38.50`) }),
    ...(tif === undefined ? {} : { timeInForce: tif.toUpperCase() as "DAY" | "IOC" | "FOK" }),
  };
}

async function place(request: CommandRequest): Promise<CommandResult> {
  const wish = readWish(request);
  const session = await openSession(request);
  const order = await placeOrder(session, wish);
  if (request.options.watch === true) return follow(request, session, order);
  return {
    data: { order },
    text: [...renderOrder(order), describeChange(order), nextAfter(order, session)],
    ...ending(session, order),
  };
}

/** Prints each change; where it rests, says so once and goes on until Ctrl-C. */
async function follow(request: CommandRequest, session: Session, placed: OrderBody): Promise<CommandResult> {
  const { context, output } = request;
  let latest = placed;
  for (const line of output.json ? [] : renderOrder(placed)) await output.line(line);
  for await (const order of watchOrder(session, placed, { clock: systemClock, signal: context.signal })) {
    latest = order;
    await (output.json
      ? output.record({ order }, session.brokerage.project)
      : output.line(describeChange(order)));
  }
  const end = ending(session, latest);
  if (output.json) return "error" in end ? { ...end, data: { order: latest } } : end;
  return { text: [nextAfter(latest, session)], ...end };
}

/** A refusal by the exchange is the answer no. */
function ending(session: Session, order: OrderBody): Partial<CommandResult> {
  const { project } = session.brokerage;
  const { orderId, status, reason } = order;
  if (status !== "REJECTED") return { project };
  const why = reason ?? "it does not say why";
  const error = orderRefused(session, { code: reason ?? "", why, details: { orderId } });
  const { code, message, hint = "", exitCode, details } = error;
  return { project, exitCode, error: { code, message, hint, details } };
}

async function list(request: CommandRequest): Promise<CommandResult> {
  const { brokerage, token, suffix } = await openSession(request);
  const url = `${brokerage.gateway}/api/v1/orders?limit=20`;
  const { items, next } = await demand<{ items: OrderAnswer[]; next?: string | null }>({
    method: "GET",
    url,
    token,
  });
  const orders = items.map((item) => readOrder(item));
  const more = typeof next === "string";
  return { project: brokerage.project, data: { orders, more }, text: renderOrders(orders, { more, suffix }) };
}

async function show(request: CommandRequest): Promise<CommandResult> {
  const id = readId(request);
  const session = await openSession(request);
  const order = await fetchOrder(session, id);
  if (request.options.watch === true && !isFinal(order)) return follow(request, session, order);
  const { project } = session.brokerage;
  return {
    project,
    data: { order },
    text: [...renderOrder(order), describeChange(order), nextAfter(order, session)],
  };
}

/** Asks for it; what became of it is the exchange's to say. */
async function cancel(request: CommandRequest): Promise<CommandResult> {
  const id = readId(request);
  const session = await openSession(request);
  const { brokerage, token } = session;
  const url = `${brokerage.gateway}/api/v1/orders/${encodeURIComponent(id)}`;
  await demand({ method: "DELETE", url, token });
  const order = await fetchOrder(session, id);
  if (request.options.watch === true && !isFinal(order)) return follow(request, session, order);
  const { project } = brokerage;
  const [change, next] = [describeChange(order), nextAfter(order, session)];
  if (!isFinal(order) || order.status === "CANCELLED") {
    return { project, data: { order }, text: [change, next] };
  }
  const message = `It is ${order.status}: nothing of it is left to cancel`;
  const error = { code: "order.final", message, hint: `{mybroker} order list${session.suffix}` };
  return { project, exitCode: exitCodes.no, data: { order }, text: [change, `${message}.`, next], error };
}
