import { describe, expect, it } from "vitest";
import { findInstrument } from "../instruments.js";
import type { Money } from "../money.js";
import type { Quote } from "./quote.js";
import { openQuoteSink } from "./quote-sink.js";

function makeQuote(price: number): Quote {
  const instrument = findInstrument("PETR4");
  if (instrument === undefined) throw new Error("no PETR4");
  return { instrument, price: price as Money, changePercent: 0, volume: 0, time: "2026-05-04T03:00:00.000Z" };
}

/** A store that does as it is told; `turn` ends what is under way. */
function openStore(capacity: number) {
  const written: number[] = [];
  const heard: string[] = [];
  const state = { up: true };
  const sink = openQuoteSink({
    write: async (quotes) => {
      if (!state.up) throw new Error("down");
      written.push(...quotes.map(({ price }) => price));
    },
    capacity,
    onDown: (error) => heard.push((error as Error).message),
    onUp: () => heard.push("up"),
    onDropped: (count) => heard.push(`dropped ${count}`),
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { sink, written, heard, state, turn };
}

describe("quote sink", () => {
  it("writes what it is offered, in order, also what comes during a write", async () => {
    const { sink, written, turn } = openStore(10);
    for (const price of [1, 2, 3]) sink.offer([makeQuote(price)]);
    await turn();
    expect(written).toEqual([1, 2, 3]);
    await sink.close();
  });

  it("keeps the newest while the store is down, tries again with each offer and tells each change once", async () => {
    const { sink, written, heard, state, turn } = openStore(3);
    state.up = false;
    for (const price of [1, 2, 3, 4, 5]) {
      sink.offer([makeQuote(price)]);
      await turn();
    }
    expect(heard).toEqual(["down", "dropped 1", "dropped 1"]);
    state.up = true;
    sink.offer([makeQuote(6)]);
    await turn();
    expect(written).toEqual([4, 5, 6]);
    expect(heard).toEqual(["down", "dropped 1", "dropped 1", "dropped 1", "up"]);
    await sink.close();
  });

  it("keeps what a failed write had before what came meanwhile, and no more than it may", async () => {
    const { sink, written, heard, state, turn } = openStore(3);
    state.up = false;
    for (const price of [1, 2, 3, 4]) sink.offer([makeQuote(price)]);
    await turn();
    expect(heard).toEqual(["dropped 1", "down"]);
    state.up = true;
    sink.offer([]);
    await turn();
    expect(written).toEqual([2, 3, 4]);
    await sink.close();
  });

  it("takes nothing after it is closed", async () => {
    const { sink, written, turn } = openStore(3);
    await sink.close();
    sink.offer([makeQuote(1)]);
    await turn();
    expect(written).toEqual([]);
  });
});
