import type { Book } from "../../../contracts/rest.js";
import { moneyText, readTicker } from "../../brokerage/money-text.js";
import { parts } from "../../brokerage/parts.js";
import { demand } from "../../brokerage/rest.js";
import { openSession } from "../../brokerage/session.js";
import type { CommandHandler, CommandRequest, CommandResult } from "../../kernel/command.js";
import { formatTable } from "../../output/table.js";
import { systemClock } from "../../ready/clock.js";
import { tellRuntime } from "../../runtime/by-runtime.js";

/** As many rows as fit a screen. */
const depth = 10;
/** Prices change every few seconds, orders at any time. */
const lookMs = 500;

/** `book`: from the exchange itself, which the gateway does not lead to. */
export const showBook: CommandHandler = async (request) => {
  await tellRuntime(request);
  const ticker = readTicker(request.args[0], "book PETR4");
  const { brokerage, token } = await openSession(request);
  const url = `${brokerage.urlOf(parts.engine)}/book/${ticker}`;
  const look = () => demand<Book>({ method: "GET", url, token });
  const { project } = brokerage;
  if (request.options.watch === true) return watch(request, { look, project });
  const book = await look();
  return { project, data: { book }, text: [...render(book), "", nextLine(book)] };
};

/** A token ends after a quarter of an hour, and the watching with it. */
async function watch(
  { context, output }: CommandRequest,
  { look, project }: { readonly look: () => Promise<Book>; readonly project: string },
): Promise<CommandResult> {
  let shown = "";
  while (!context.signal.aborted) {
    const book = await look();
    const seen = JSON.stringify(book);
    if (seen !== shown) await (output.json ? output.record({ book }, project) : output.repaint(render(book)));
    shown = seen;
    await systemClock.sleep(lookMs, context.signal);
  }
  return { project };
}

function render({ ticker, bids, asks, reference }: Book): string[] {
  const rows = Array.from({ length: Math.min(depth, Math.max(bids.length, asks.length)) }, (_, index) => {
    const bid = bids[index];
    const ask = asks[index];
    return [
      bid === undefined ? "" : String(bid.quantity),
      bid === undefined ? "" : moneyText(bid.price),
      ask === undefined ? "" : moneyText(ask.price),
      ask === undefined ? "" : String(ask.quantity),
    ];
  });
  const head = `${ticker}, reference ${moneyText(reference)}`;
  if (rows.length === 0) return [head, "Nobody offers anything."];
  return [head, ...formatTable([["SHARES", "BID", "ASK", "SHARES"], ...rows])];
}

function nextLine({ ticker, asks }: Book): string {
  const price = asks[0]?.price;
  const limit = price === undefined ? "" : ` --price ${price}`;
  return `Next:  {mybroker} order buy ${ticker} ${ticker.endsWith("F") ? 1 : 100}${limit} --watch`;
}
