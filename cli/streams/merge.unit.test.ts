import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createMerge, type MergeOptions } from "./merge.js";
import type { StreamRecord } from "./record.js";
import type { SourceSink, StartAt, StreamSource } from "./source.js";

const startMs = Date.parse("2026-01-05T12:00:00Z");
const windowMs = 50;

function record(publishedMs: number, stream = "a", sizeBytes = 0): StreamRecord {
  const bytes = new Uint8Array(sizeBytes);
  return { source: "kafka", stream, kind: "topic", key: null, publishedMs, headers: {}, bytes };
}

/** A merge with one source, of which the test is the broker. */
function startMerge(start: StartAt, options: Partial<MergeOptions> = {}) {
  const given: StreamRecord[] = [];
  const merge = createMerge({ start, emit: (records) => void given.push(...records), ...options });
  const controller = new AbortController();
  let opened = () => {};
  const open = new Promise<void>((resolve) => {
    opened = resolve;
  });
  let sink!: SourceSink;
  const source: StreamSource = {
    name: "test",
    open: async (its) => {
      sink = its;
      await open;
      return { name: "test", history: "all", describe: "test" };
    },
    close: async () => {},
  };
  const adding = merge.add(source, controller.signal);
  const finishOpening = async () => {
    opened();
    await adding;
  };
  return { merge, given, sink, finishOpening };
}

const times = (records: readonly StreamRecord[]) => records.map(({ publishedMs }) => publishedMs - startMs);

beforeEach(() => void vi.useFakeTimers({ now: startMs }));
afterEach(() => void vi.useRealTimers());

describe("the past", () => {
  it("comes in the order of publication, however the lanes bring it", async () => {
    const lanes = fc.array(fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 60 }), {
      ...{ minLength: 1, maxLength: 6 },
    });
    await fc.assert(
      fc.asyncProperty(lanes, fc.infiniteStream(fc.nat(1000)), async (pasts, choices) => {
        vi.setSystemTime(startMs);
        const { given, sink, finishOpening, merge } = startMerge("beginning");
        const open = pasts.map((past) => ({
          lane: sink.lane(),
          left: past.map((agoMs) => startMs - 1000 - agoMs).sort((one, other) => one - other),
        }));
        await finishOpening();
        while (open.length > 0) {
          const index = choices.next().value % open.length;
          const { lane, left } = open[index] as (typeof open)[number];
          lane.push(left.splice(0, 1 + (choices.next().value % 9)).map((time) => record(time)));
          if (left.length > 0) continue;
          lane.caughtUp();
          open.splice(index, 1);
        }
        await merge.caughtUp;
        const expected = pasts.flat().sort((one, other) => other - one);
        expect(times(given)).toEqual(expected.map((agoMs) => -1000 - agoMs));
      }),
    );
  });

  it("is given out while lanes still read theirs", async () => {
    const { given, sink, finishOpening } = startMerge("beginning");
    const [one, other] = [sink.lane(), sink.lane()];
    await finishOpening();
    one.push([record(startMs - 900), record(startMs - 500)]);
    expect(given).toEqual([]);
    other.push([record(startMs - 600)]);
    expect(times(given)).toEqual([-900]);
  });

  it("waits for sources that are not open yet", async () => {
    const { given, sink, finishOpening } = startMerge("beginning");
    const lane = sink.lane();
    lane.push([record(startMs - 900)]);
    lane.caughtUp();
    expect(given).toEqual([]);
    await finishOpening();
    expect(times(given)).toEqual([-900]);
  });

  it("does not wait for a source that fails to open", async () => {
    const { given, sink, finishOpening, merge } = startMerge("beginning");
    const failing: StreamSource = {
      name: "failing",
      open: () => Promise.reject(new Error("no such topic")),
      close: async () => {},
    };
    const lane = sink.lane();
    lane.push([record(startMs - 900)]);
    lane.caughtUp();
    const failure = merge.add(failing, new AbortController().signal);
    await expect(failure).rejects.toThrow("no such topic");
    await finishOpening();
    await merge.caughtUp;
    expect(times(given)).toEqual([-900]);
  });
});

describe("a wrong clock", () => {
  it("of one message of the past does not make those after it late", async () => {
    const { given, sink, finishOpening, merge } = startMerge("beginning");
    const [one, other] = [sink.lane(), sink.lane()];
    await finishOpening();
    const future = Date.parse("2050-01-01T00:00:00Z");
    one.push([record(startMs - 900), record(future)]);
    other.push([record(startMs - 800), record(startMs - 600)]);
    one.push([record(startMs - 700)]);
    for (const lane of [one, other]) lane.caughtUp();
    await merge.caughtUp;
    expect(times(given)).toEqual([-900, future - startMs, -800, -700, -600]);
  });

  it("that all sources share keeps live records in order", async () => {
    const { given, sink, finishOpening } = startMerge("now");
    const [one, other] = [sink.lane({ live: true }), sink.lane({ live: true })];
    await finishOpening();
    one.push([record(startMs + 3_010), record(startMs + 3_030)]);
    await vi.advanceTimersByTimeAsync(windowMs - 10);
    other.push([record(startMs + 3_000), record(startMs + 3_020)]);
    await vi.advanceTimersByTimeAsync(windowMs);
    expect(times(given)).toEqual([3_000, 3_010, 3_020, 3_030]);
  });
});

describe("the last N", () => {
  it("are the last of all lanes together", async () => {
    const lanes = fc.array(fc.array(fc.integer({ min: 0, max: 9_999 }), { maxLength: 30 }), {
      ...{ minLength: 1, maxLength: 5 },
    });
    await fc.assert(
      fc.asyncProperty(lanes, fc.nat(40), async (pasts, last) => {
        vi.setSystemTime(startMs);
        const { given, sink, finishOpening, merge } = startMerge({ last });
        const open = pasts.map(() => sink.lane());
        await finishOpening();
        for (const [index, past] of pasts.entries()) {
          open[index]?.push(past.map((agoMs) => record(startMs - 100 - agoMs)));
          open[index]?.caughtUp();
        }
        await merge.caughtUp;
        const ascending = pasts.flat().sort((one, other) => other - one);
        expect(times(given)).toEqual(
          ascending.slice(Math.max(0, ascending.length - last)).map((ago) => -100 - ago),
        );
      }),
    );
  });

  it("go before what came with the last of them, which is in order too", async () => {
    const { given, sink, finishOpening, merge } = startMerge({ last: 2 });
    const [one, other] = [sink.lane(), sink.lane()];
    await finishOpening();
    // As a reader has it that fetched past and present of two partitions at once.
    one.push([record(startMs - 900)]);
    one.caughtUp();
    one.push([record(startMs - 700), record(startMs - 500)]);
    other.push([record(startMs - 800)]);
    other.caughtUp();
    other.push([record(startMs - 600), record(startMs - 400)]);
    await merge.caughtUp;
    expect(times(given)).toEqual([-900, -800, -700, -600, -500, -400]);
  });

  it("cost no record that came after them", async () => {
    const { given, sink, finishOpening, merge } = startMerge({ last: 2 });
    const [one, other] = [sink.lane(), sink.lane()];
    await finishOpening();
    one.push([300, 290, 280].map((agoMs) => record(startMs - agoMs)));
    one.caughtUp();
    // One of them published before the last two, which are of the past.
    one.push([270, 295, 265].map((agoMs) => record(startMs - agoMs)));
    other.push([record(startMs - 275)]);
    other.caughtUp();
    await merge.caughtUp;
    expect(times(given).toSorted((left, right) => left - right)).toEqual([-295, -280, -275, -270, -265]);
  });
});

describe("live records", () => {
  it("have no inversion within the window, among 100,000 of four lanes", async () => {
    const { given, sink, finishOpening, merge } = startMerge("now");
    const lanes = [0, 1, 2, 3].map(() => sink.lane({ live: true }));
    await finishOpening();
    const arrivals = makeArrivals(100_000, lanes.length);
    for (const { arrivesMs, publishedMs, lane } of arrivals) {
      if (arrivesMs > Date.now()) await vi.advanceTimersByTimeAsync(arrivesMs - Date.now());
      lanes[lane]?.push([record(publishedMs)]);
    }
    await vi.advanceTimersByTimeAsync(windowMs + 1);
    expect(given).toHaveLength(100_000);
    expect(countInversions(given)).toBe(0);
    await merge.flush();
    expect(given).toHaveLength(100_000);
  });

  it("wait no longer than the window, whatever their clock says", async () => {
    const { given, sink, finishOpening } = startMerge("now");
    const lane = sink.lane({ live: true });
    await finishOpening();
    lane.push([record(startMs + 3_600_000)]);
    lane.push([record(startMs - 3_600_000)]);
    expect(times(given)).toEqual([-3_600_000]);
    await vi.advanceTimersByTimeAsync(windowMs - 1);
    expect(given).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(times(given)).toEqual([-3_600_000, 3_600_000]);
  });

  it("are given out by flush", async () => {
    const { given, sink, finishOpening, merge } = startMerge("now");
    const lane = sink.lane({ live: true });
    await finishOpening();
    lane.push([record(startMs)]);
    expect(given).toEqual([]);
    await merge.flush();
    expect(times(given)).toEqual([0]);
  });
});

describe("a slow terminal", () => {
  function slow() {
    const releases: (() => void)[] = [];
    const given: StreamRecord[] = [];
    const emit = (records: readonly StreamRecord[]) => {
      given.push(...records);
      return new Promise<void>((resolve) => releases.push(resolve));
    };
    const release = async () => {
      while (releases.length > 0) {
        releases.shift()?.();
        await vi.advanceTimersByTimeAsync(windowMs);
      }
    };
    return { given, emit, release };
  }

  it("makes a lane wait at so many bytes, and go on when they are taken", async () => {
    const { given, emit, release } = slow();
    const { sink, finishOpening } = startMerge("now", { emit });
    const lane = sink.lane({ live: true });
    await finishOpening();
    const mebibyte = () => record(startMs - 1000, "a", 1024 * 1024);
    expect(lane.push([mebibyte()])).toBeUndefined();
    let isTaken = false;
    const taken = lane.push(Array.from({ length: 8 }, mebibyte)) as Promise<void>;
    void taken.then(() => {
      isTaken = true;
    });
    await vi.advanceTimersByTimeAsync(1000);
    expect(isTaken).toBe(false);
    await release();
    expect(isTaken).toBe(true);
    expect(given).toHaveLength(9);
  });

  it("makes a lossy lane drop, and says how many", async () => {
    const { given, emit, release } = slow();
    const dropped = vi.fn();
    const { sink, finishOpening } = startMerge("now", { emit, dropped });
    const lane = sink.lane({ live: true, whenFull: "drop" });
    await finishOpening();
    lane.push([record(startMs - 1000)]);
    const many = Array.from({ length: 20_000 }, () => record(startMs - 900));
    expect(lane.push(many)).toBeUndefined();
    expect(lane.push(many)).toBeUndefined();
    await release();
    const lost = dropped.mock.calls.reduce((sum, [count]) => sum + count, 0);
    expect(lost).toBeGreaterThan(20_000);
    expect(given.length + lost).toBe(40_001);
  });

  it("does not keep a full lane waiting for the window", async () => {
    const { given, sink, finishOpening } = startMerge("beginning");
    const [one, other] = [sink.lane(), sink.lane()];
    await finishOpening();
    const many = Array.from({ length: 16_384 }, () => record(startMs - 1000));
    const taken = one.push(many);
    expect(given).toEqual([]);
    other.push(many);
    await taken;
    expect(given.length).toBeGreaterThanOrEqual(8_192);
  });

  it("hears of what failed while printing", async () => {
    const { sink, finishOpening, merge } = startMerge("beginning", {
      emit: () => Promise.reject(new Error("EPIPE")),
    });
    const lane = sink.lane();
    await finishOpening();
    lane.push([record(startMs - 1000)]);
    lane.caughtUp();
    await expect(merge.caughtUp).rejects.toThrow("EPIPE");
  });
});

/** Published in a random order of arrival, each late by less than the window less what a timer may be off. */
function makeArrivals(count: number, lanes: number) {
  let state = 42;
  const next = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * limit);
  };
  const arrivals = Array.from({ length: count }, (_, index) => {
    const publishedMs = startMs + Math.floor(index / 20);
    return { publishedMs, arrivesMs: publishedMs + next(windowMs - 2), lane: next(lanes) };
  });
  return arrivals.sort((one, other) => one.arrivesMs - other.arrivesMs);
}

/** Records that come after one that was published later. */
function countInversions(records: readonly StreamRecord[]): number {
  return records.filter((later, index) => later.publishedMs < (records[index - 1]?.publishedMs ?? 0)).length;
}
