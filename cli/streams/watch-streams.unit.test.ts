import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { compileFilter } from "./filter.js";
import type { StreamRecord } from "./record.js";
import { createMemorySource, noonMs, recordOf } from "./testing/records.js";
import { type Opened, type WatchPlan, watchStreams } from "./watch-streams.js";

const numbered = (number: number, more: object = {}): StreamRecord =>
  recordOf({ publishedMs: noonMs + number, offset: number, value: { number }, ...more });
const numbers = (count: number): StreamRecord[] =>
  Array.from({ length: count }, (_, index) => numbered(index + 1));
const live = (number: number): StreamRecord => numbered(number, { publishedMs: Date.now() });
const all: WatchPlan = { start: "beginning", follow: true };

/** A watch on the way, and what it showed. */
function watch(sources: Parameters<typeof watchStreams>[0], plan: WatchPlan) {
  const interruption = new AbortController();
  const shown: number[] = [];
  const opened: Opened[] = [];
  const silent = vi.fn();
  const gap = vi.fn();
  const dropped = vi.fn();
  const problem = vi.fn();
  const viewer = {
    opened: (outcomes: readonly Opened[]) => void opened.push(...outcomes),
    show: async (records: readonly StreamRecord[]) =>
      void shown.push(...records.map(({ offset }) => offset ?? 0)),
    silent,
    gap,
    dropped,
    problem,
  };
  const ended = watchStreams(sources, plan, { viewer, signal: interruption.signal });
  return { ended, shown, opened, interrupt: () => interruption.abort(), viewer };
}

describe("the past", () => {
  it("is shown whole, in the order of its publication over all sources", async () => {
    const odd = createMemorySource([numbered(1), numbered(3), numbered(5)]);
    const even = createMemorySource([numbered(2), numbered(4)]);
    const { ended, shown } = watch([odd, even], { ...all, follow: false });
    expect(await ended).toEqual({ reason: "past", shown: 5, dropped: 0 });
    expect(shown).toEqual([1, 2, 3, 4, 5]);
    expect([odd.closed, even.closed]).toEqual([true, true]);
  });

  it("gives the last that a filter takes, not the last of which it takes some", async () => {
    const filter = compileFilter("value.number % 100 == 0", "--filter");
    const source = createMemorySource(numbers(2_000));
    const { ended, shown } = watch([source], { start: { last: 10_000 }, keepLast: 3, filter, follow: false });
    await ended;
    expect(shown).toEqual([1800, 1900, 2000]);
    expect(source.startedAt).toEqual({ last: 10_000 });
  });

  it("ends at --until", async () => {
    const { ended, shown } = watch([createMemorySource(numbers(9))], { ...all, untilMs: noonMs + 4 });
    expect((await ended).reason).toBe("past");
    expect(shown).toEqual([1, 2, 3, 4]);
  });

  it("comes after the sources were told of, and nothing is shown of a watch that refuses them", async () => {
    const source = createMemorySource(numbers(3));
    const { viewer } = watch([createMemorySource([])], { ...all, follow: false });
    const refusing = {
      ...viewer,
      opened: () => {
        throw new Error("refused");
      },
    };
    const ended = watchStreams([source], all, { viewer: refusing, signal: new AbortController().signal });
    await expect(ended).rejects.toThrow("refused");
    expect(source.closed).toBe(true);
  });
});

describe("an end", () => {
  it.each<[string, Partial<WatchPlan>, number[]]>([
    ["limit", { limit: 2 }, [1, 2]],
    ["stop-when", { stopWhen: compileFilter("value.number == 3", "--stop-when") }, [1, 2, 3]],
    ["stop-when", { stopWhen: compileFilter("value.number == 3", "--stop-when"), limit: 3 }, [1, 2, 3]],
    ["limit", { stopWhen: compileFilter("value.number == 3", "--stop-when"), limit: 2 }, [1, 2]],
    ["past", { follow: false, keepLast: 0 }, []],
    ["idle", { idleTimeoutMs: 30 }, [1, 2, 3, 4, 5]],
  ])("by %s %j", async (reason, plan, expected) => {
    const { ended, shown } = watch([createMemorySource(numbers(5))], { ...all, ...plan });
    expect(await ended).toMatchObject({ reason, shown: expected.length });
    expect(shown).toEqual(expected);
  });

  it("in the past is met by what comes live too", async () => {
    const source = createMemorySource(numbers(2));
    const { ended, shown } = watch([source], { ...all, limit: 4 });
    await vi.waitUntil(() => shown.length === 2);
    source.send(numbered(3), numbered(4), numbered(5));
    expect((await ended).reason).toBe("limit");
    expect(shown).toEqual([1, 2, 3, 4]);
  });

  it("at a time to come takes what was published until then", async () => {
    const source = createMemorySource([]);
    const now = Date.now();
    const { ended, shown, opened } = watch([source], { ...all, untilMs: now + 150 });
    await vi.waitUntil(() => opened.length === 1);
    source.send(
      recordOf({ offset: 7, publishedMs: now }),
      recordOf({ offset: 8, publishedMs: now + 60_000 }),
    );
    expect((await ended).reason).toBe("until");
    expect(shown).toEqual([7]);
  });

  it("by idleness counts what waits for a slow reader, and what is held back for its order", async () => {
    const source = createMemorySource([]);
    const shown: number[] = [];
    let takeNext = (): void => {};
    const slow = {
      ...{ opened: () => {}, silent: () => {}, gap: () => {}, dropped: () => {}, problem: () => {} },
      show: (records: readonly StreamRecord[]) => {
        shown.push(...records.map(({ offset }) => offset ?? 0));
        return new Promise<void>((resolve) => {
          takeNext = resolve;
        });
      },
    };
    const { signal } = new AbortController();
    const ended = watchStreams([source], { ...all, idleTimeoutMs: 100 }, { viewer: slow, signal });
    await vi.waitUntil(() => source.startedAt !== undefined);
    source.send(live(1));
    await vi.waitUntil(() => shown.length === 1);
    source.send(live(2));
    // Longer than the time that was given, and nothing was shown meanwhile.
    const waiting = await Promise.race([ended, pause(250).then(() => "waits")]);
    expect(waiting).toBe("waits");
    takeNext();
    await vi.waitUntil(() => shown.length === 2);
    takeNext();
    expect(await ended).toEqual({ reason: "idle", shown: 2, dropped: 0 });
  });

  it("by the user shows what came, and counts what a stopped reader cannot take", async () => {
    const quick = createMemorySource([], { lossy: true });
    const following = watch([quick], all);
    await vi.waitUntil(() => following.opened.length === 1);
    await pause(0);
    quick.send(live(1), live(2));
    following.interrupt();
    expect(await following.ended).toEqual({ reason: "interrupted", shown: 2, dropped: 0 });

    const source = createMemorySource([], { lossy: true });
    const interruption = new AbortController();
    let stopped = (): void => {};
    let shown = 0;
    let dropped = 0;
    const viewer = {
      ...{ opened: () => {}, silent: () => {}, gap: () => {}, problem: () => {} },
      dropped: (count: number) => {
        dropped += count;
      },
      show: (records: readonly StreamRecord[]) => {
        shown += records.length;
        return new Promise<void>((resolve) => {
          stopped = resolve;
        });
      },
    };
    const ended = watchStreams([source], all, { viewer, signal: interruption.signal });
    await vi.waitUntil(() => source.startedAt !== undefined);
    source.send(live(1));
    await vi.waitUntil(() => shown === 1);
    const more = Array.from({ length: 20_000 }, (_, index) => live(index + 2));
    source.send(...more.slice(0, 10_000));
    source.send(...more.slice(10_000));
    interruption.abort();
    await pause(300);
    stopped();
    const result = await ended;
    expect(result.shown + result.dropped).toBe(20_001);
    expect([result.shown, result.dropped]).toEqual([shown, dropped]);
  });

  it("is what the user does, while it opens and while it follows", async () => {
    const source = createMemorySource(numbers(1));
    const following = watch([source], all);
    await vi.waitUntil(() => following.shown.length === 1);
    following.interrupt();
    expect(await following.ended).toMatchObject({ reason: "interrupted", shown: 1 });
    expect(source.closed).toBe(true);

    const stuck = { name: "stuck", open: () => new Promise<never>(() => {}), close: async () => {} };
    const opening = watch([stuck], all);
    opening.interrupt();
    expect(await opening.ended).toMatchObject({ reason: "interrupted", shown: 0 });
  });
});

it("goes on with the sources that open, and says which did not", async () => {
  const failure = new Error("away");
  const sources = [createMemorySource([numbered(1)]), createMemorySource([], { name: "other", failure })];
  const { ended, shown, opened } = watch(sources, { ...all, follow: false });
  await ended;
  expect(shown).toEqual([1]);
  expect(opened.map((outcome) => ("failure" in outcome ? outcome.failure : outcome.info.name))).toEqual([
    "memory",
    failure,
  ]);
});

it("hands on gaps, problems and what was dropped", async () => {
  const source = createMemorySource(numbers(1));
  const { ended, shown, interrupt, viewer } = watch([source], all);
  await vi.waitUntil(() => shown.length === 1);
  source.sink.gap({ source: "kafka", tookMs: 3_200, missed: 0 });
  source.sink.problem("something");
  source.sink.dropped(5);
  await vi.waitUntil(() => viewer.dropped.mock.calls.length === 1);
  interrupt();
  expect(await ended).toMatchObject({ dropped: 5 });
  expect(viewer.gap).toHaveBeenCalledWith({ source: "kafka", tookMs: 3_200, missed: 0 });
  expect(viewer.problem).toHaveBeenCalledWith("something");
});
