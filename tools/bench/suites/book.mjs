import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { OrderBook } from "nodejs-order-book";
import { interleave, median } from "../statistics.mjs";

export const title = "The exchange's book";
/** What stands in the second column. */
export const peer = "nodejs-order-book";
export const needsEngine = false;

const orders = 200_000;
const rounds = 7;
const warmUps = 2;
const tick = 100;
const ticker = "PETR4";

/** How many of 100 messages are cancels. */
const mixes = [
  { key: "orders and cancels", cancels: 30 },
  { key: "orders alone", cancels: 0 },
];

/**
 * The engine's market in this process and the npm package nodejs-order-book in turn, given the same orders on one core.
 * @param {{ root: string, say: (line: string) => void, signal: AbortSignal }} setting
 */
export async function run({ root, say, signal }) {
  const Market = await loadMarket(root);
  const samples = {};
  const figures = [];
  for (const { key, cancels } of mixes) {
    const stream = makeStream(cancels / 100);
    samples[key] = measure({ stream, Market, signal });
    const { ours, theirs, levels } = samples[key];
    say(`${key}: ${perSecond(median(ours))}, ${perSecond(median(theirs))}, ${levels} levels at the end`);
    figures.push(...toFigures(key, samples[key]));
  }
  return { samples, figures, notes };
}

function measure({ stream, Market, signal }) {
  const peers = [
    { key: "ours", once: () => runOurs(Market, stream) },
    { key: "theirs", once: () => runTheirs(stream) },
  ];
  const rates = { ours: [], theirs: [] };
  const outcomes = {};
  for (const [round, order] of interleave(peers, warmUps + rounds).entries()) {
    for (const { key, once } of order) {
      signal.throwIfAborted();
      const { milliseconds, ...outcome } = once();
      outcomes[key] = outcome;
      if (round >= warmUps) rates[key].push((stream.length / milliseconds) * 1000);
    }
  }
  const [ours, theirs] = [JSON.stringify(outcomes.ours), JSON.stringify(outcomes.theirs)];
  if (ours !== theirs) throw new Error(`the books do not agree: ${ours} and ${theirs}`);
  return { ...rates, levels: outcomes.ours.levels };
}

/** The engine is TypeScript: bundled as the services are. */
async function loadMarket(root) {
  const folder = mkdtempSync(join(tmpdir(), "mybroker-bench-"));
  try {
    const outfile = join(folder, "market.mjs");
    const entryPoints = [join(root, "services/b3-matching-engine/domain/market.ts")];
    await build({ entryPoints, outfile, bundle: true, format: "esm", platform: "node", target: "node20" });
    return (await import(pathToFileURL(outfile).href)).Market;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** New orders around a price that walks, and cancels of one of the last 500 messages. */
function makeStream(cancels) {
  const random = createRandom(20_261_122);
  const stream = [];
  let middle = 3_850;
  for (let index = 0; index < orders; index += 1) {
    if (random() < 0.01) middle += random() < 0.5 ? -1 : 1;
    if (index > 0 && random() < cancels) {
      stream.push({ cancel: `order-${Math.max(0, index - 1 - Math.floor(random() * 500))}` });
      continue;
    }
    const isBuy = random() < 0.5;
    // From 3 ticks beyond the middle, where it trades, to 20 ticks away, where it waits.
    const away = Math.floor(random() * 24) - 3;
    stream.push({
      orderId: `order-${index}`,
      side: isBuy ? "BUY" : "SELL",
      price: (middle + (isBuy ? -away : away)) * tick,
      quantity: (1 + Math.floor(random() * 10)) * 100,
      timeInForce: random() < 0.1 ? "IOC" : "DAY",
    });
  }
  return stream;
}

/** mulberry32: the same stream on every machine. */
function createRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function runOurs(Market, stream) {
  const listing = { ticker, baseTicker: ticker, tick, lotSize: 100, maxQuantity: 10_000_000 };
  const market = new Market({ listings: [listing], mode: "book", providerSize: 0 });
  const past = { orderSeq: 1, cumQuantity: 0 };
  const fixed = { at: 0, ticker, type: "LIMIT", sessionDate: "2026-11-22" };
  let results = 0;
  const began = performance.now();
  for (let index = 0; index < stream.length; index += 1) {
    const item = stream[index];
    const sequence = index + 1;
    const command =
      item.cancel === undefined
        ? { kind: "NEW", sequence, ...fixed, ...item }
        : { kind: "CANCEL", sequence, at: 0, orderId: item.cancel, past };
    results += market.apply(command).length;
  }
  const milliseconds = performance.now() - began;
  if (results < stream.length) throw new Error("an order was left without a result");
  const { ladders } = market.books.get(ticker);
  return { milliseconds, ...summarise([...ladders.BUY.levels()], [...ladders.SELL.levels()]) };
}

function runTheirs(stream) {
  const book = new OrderBook();
  const began = performance.now();
  for (const item of stream) {
    if (item.cancel !== undefined) {
      book.cancel(item.cancel);
      continue;
    }
    book.limit({
      id: item.orderId,
      side: item.side === "BUY" ? "buy" : "sell",
      size: item.quantity,
      price: item.price,
      timeInForce: item.timeInForce === "IOC" ? "IOC" : "GTC",
    });
  }
  const milliseconds = performance.now() - began;
  const [asks, bids] = book.depth();
  const toLevels = (side) => side.map(([price, quantity]) => ({ price, quantity }));
  return { milliseconds, ...summarise(toLevels(bids), toLevels(asks)) };
}

/** Both books must end with the same shares at the same prices. */
function summarise(bids, asks) {
  const sum = (levels) => levels.reduce((total, { price, quantity }) => total + price * quantity, 0);
  return { levels: bids.length + asks.length, bids: sum(bids), asks: sum(asks) };
}

const perSecond = (value) => `${Math.round(value).toLocaleString("en")}/s`;

function toFigures(key, { ours, theirs }) {
  const paired = ours.map((value, index) => value / theirs[index]);
  return [
    {
      what: `${key}, in process, one core`,
      target: ">= 200,000/s",
      ours: perSecond(median(ours)),
      compose: perSecond(median(theirs)),
      met: median(ours) >= 200_000,
    },
    {
      what: `${key}: times the peer, median of the pairs (least)`,
      target: ">= 1 x",
      ours: `${median(paired).toFixed(1)} x (${Math.min(...paired).toFixed(1)} x)`,
      compose: "1 x",
      met: median(paired) >= 1,
    },
  ];
}

const notes = [
  `${rounds} interleaved pairs (A B, B A, ...) after ${warmUps} that are not counted; ${orders.toLocaleString("en")} messages to one book, the same for both, made before the clock starts; both books must end with the same shares at the same prices.`,
  "Mix: limit orders of 100 to 1,000 shares from 3 ticks beyond a price that walks to 20 ticks away from it, one in ten IOC; with cancels 30 % of the messages are one of an order among the last 500.",
  "Ours makes what the service stores and sends, a result for every order, cancel and side of an execution, and checks each order; the database is not in it.",
];
