import { randomUUID } from "node:crypto";
import type { OrderBody, PlaceOrderBody, ProblemBody } from "../../contracts/rest.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { systemClock } from "../ready/clock.js";
import { type OrderAnswer, readOrder } from "./read-order.js";
import { ask, explainSilence, NoAnswer, type RestAnswer, type RestRequest, refused } from "./rest.js";
import type { Session } from "./session.js";

/** Of one that is asked again while its first asking is still at work. */
const pauseMs = 500;
const attempts = 5;

/**
 * Places an order once, whatever gets lost: an answer that does not come is asked for again under the same key.
 * @throws MybrokerError order.<reason> (exit 1) where it is refused, order.unknown (exit 3) where nobody knows,
 *   brokerage.unreachable (exit 3) where it was never sent
 */
export async function placeOrder(session: Session, body: PlaceOrderBody): Promise<OrderBody> {
  const { brokerage, token } = session;
  const url = `${brokerage.gateway}/api/v1/orders`;
  const answer = await askUntilKnown({ method: "POST", url, token, body, idempotencyKey: randomUUID() });
  if (answer.status === 201) return readOrder(answer.body as OrderAnswer);
  const { code = "", title, orderId } = (answer.body ?? {}) as Partial<ProblemBody>;
  if (orderId === undefined && answer.status !== 422) throw refused(answer.status, answer.body);
  throw orderRefused(session, { code, why: title ?? code, details: answer.body });
}

async function askUntilKnown(request: RestRequest): Promise<RestAnswer> {
  let lost = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await ask(request);
      const running = (answer.body as Partial<ProblemBody> | undefined)?.code === "IDEMPOTENCY_RUNNING";
      if (!running) return answer;
      if (attempt === attempts) throw unknownOutcome("it is still being worked on");
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      if (!error.sent && !lost) explainSilence(error);
      if (lost) throw unknownOutcome(error.message);
      lost = true;
    }
    await systemClock.sleep(pauseMs);
  }
}

/** What helps, by the stable code of the refusal. */
const hints: Readonly<Record<string, string>> = {
  NO_FUNDS: "pay in:  {mybroker} wallet deposit 10000{suffix}",
  NO_SHARES: "what there is to sell:  {mybroker} wallet show{suffix}",
  NO_PRICE: "prices come from broker-market-data:  {mybroker} logs broker-market-data",
  ODD_LOT: "{mybroker} order buy PETR4F 50 --watch{suffix}",
  SESSION_CLOSED: "a session that never closes: SESSION=always in .env, then  {mybroker} up",
  UNSUPPORTED_IN_MODE: "orders of every type: B3_MATCHING_MODE=book in .env, then  {mybroker} up",
  WALLET_UNAVAILABLE: "what is away, and why:  {mybroker} doctor",
  UNKNOWN_TICKER: "{mybroker} order buy PETR4 100 --watch{suffix}",
};

/** A refusal, at the door or by the exchange, with what to do next. */
export function orderRefused(
  { suffix }: Session,
  { code, why, details }: { readonly code: string; readonly why: string; readonly details: unknown },
): MybrokerError {
  return new MybrokerError({
    code: `order.${code.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-") || "refused"}`,
    message: `The order was refused: ${why.replace(/\.$/, "")}${why === code ? "" : ` (${code})`}`,
    hint: hints[code]?.replaceAll("{suffix}", suffix) ?? "{mybroker} order --help",
    exitCode: exitCodes.no,
    details,
  });
}

function unknownOutcome(why: string): MybrokerError {
  return new MybrokerError({
    code: "order.unknown",
    message: `Nobody can say whether the order was taken: it was sent, and no answer came (${why})`,
    hint: "look before you place it again:  {mybroker} order list",
    exitCode: exitCodes.machine,
  });
}
