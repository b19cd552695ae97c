import type { OrderBody } from "../../contracts/rest.js";
import { orderRefused, placeOrder } from "../brokerage/place-order.js";
import { openSession, type Session } from "../brokerage/session.js";
import { fetchOrder, isFinal } from "../brokerage/watch-order.js";
import { MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest } from "../kernel/command.js";
import { systemClock } from "../ready/clock.js";
import { createTextFormat } from "../streams/format-text.js";
import type { StreamRecord } from "../streams/record.js";
import { explainMessage, fieldsOf } from "./explain-message.js";
import type { LiveTail } from "./live-tail.js";
import type { Stage } from "./stage.js";

export interface OrderStory {
  readonly order: OrderBody;
  /** All about it that passed the brokers, in time order. */
  readonly messages: readonly StreamRecord[];
}

const ticker = "PETR4";
const quantity = 100;
/** Whoever stands further behind is not waited for: the life line names it. */
const endWithinMs = 5_000;
/** Nothing more about an order for so long after its end, and it is through. */
const quietMs = 400;
const lookMs = 50;
/** Time to read a message and what it means. */
const readMs = 900;
/** Below the time of a message. */
const indent = " ".repeat(13);

/**
 * Places one order at the market and shows each message that it causes, with what it means.
 * @throws MybrokerError order.… (exit 1) where it is refused, brokerage.unreachable (exit 3)
 */
export async function followOneOrder(
  request: CommandRequest,
  { stage, tail }: { readonly stage: Stage; readonly tail: LiveTail },
): Promise<OrderStory> {
  const session = await openSession({ ...request, options: {} });
  const heard: StreamRecord[] = [];
  let heardMs = performance.now();
  let isOfOrder = (_: StreamRecord) => true;
  tail.take = (record) => {
    // Its first messages may come before the answer that says which order it is.
    if (!isOfOrder(record)) return;
    heard.push(record);
    heardMs = performance.now();
  };
  const placed = await placeWhatCan(session);
  isOfOrder = (record) => fieldsOf(record).orderId === placed.orderId;
  const { signal } = request.context;
  const startedMs = performance.now();
  let order = placed;
  while (performance.now() - startedMs < endWithinMs && !signal.aborted) {
    await systemClock.sleep(lookMs, signal);
    if (!isFinal(order)) order = await fetchOrder(session, order.orderId);
    else if (performance.now() - heardMs > quietMs && isThrough(heard.filter(isOfOrder), order)) break;
  }
  tail.take = () => {};
  // What a busy machine delivers late is shown in its place all the same.
  const messages = heard.filter(isOfOrder).sort((left, right) => left.publishedMs - right.publishedMs);
  await show(request, stage, messages);
  const { status, reason, orderId } = order;
  if (status === "REJECTED") {
    const why = reason ?? "it does not say why";
    throw orderRefused(session, { code: reason ?? "", why, details: { orderId } });
  }
  return { order, messages };
}

/** The brokerage has told its end, and the wallet has booked what was traded. */
function isThrough(messages: readonly StreamRecord[], { cumQuantity, status }: OrderBody): boolean {
  const fields = messages.filter(({ source }) => source === "kafka").map(fieldsOf);
  const told = fields.some((event) => event.status === status);
  return told && (cumQuantity === 0 || fields.some((event) => event.transactionType === "SETTLEMENT"));
}

/** Whoever has bought in many demonstrations sells. */
async function placeWhatCan(session: Session): Promise<OrderBody> {
  try {
    return await placeOrder(session, { ticker, quantity, side: "BUY" });
  } catch (error) {
    if (!(error instanceof MybrokerError) || error.code !== "order.no-funds") throw error;
    return placeOrder(session, { ticker, quantity, side: "SELL" });
  }
}

async function show(
  { output, context }: CommandRequest,
  stage: Stage,
  messages: readonly StreamRecord[],
): Promise<void> {
  const format = createTextFormat({ style: output.style, columns: context.columns, now: context.now });
  for (const message of messages) {
    await stage.line(format(message));
    const meaning = explainMessage(message);
    if (meaning !== "") await stage.line(output.style.dim(`${indent}${meaning}`));
    await stage.pause(readMs);
  }
}
