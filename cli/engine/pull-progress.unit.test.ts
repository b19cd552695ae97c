import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PullProgress } from "./images.js";
import { type PullLine, PullTracker } from "./pull-progress.js";

function followAll(lines: readonly PullLine[]): PullProgress[] {
  const tracker = new PullTracker();
  return lines.flatMap((line) => tracker.follow(line) ?? []);
}

const line = (status: string, current?: number, total?: number, id = "layer1"): PullLine => ({
  id,
  status,
  progressDetail: { ...(current !== undefined && { current }), ...(total !== undefined && { total }) },
});

describe("PullTracker", () => {
  it("tells a layer's way, in bytes of the download", () => {
    const states = followAll([
      { id: "1", status: "Pulling from library/redis" },
      line("Pulling fs layer"),
      line("Waiting"),
      line("Downloading", 100, 1000),
      line("Downloading", 1000, 1000),
      line("Verifying Checksum"),
      line("Download complete"),
      line("Extracting", 50, 1000),
      line("Extracting", 1000, 1000),
      line("Pull complete"),
      { status: "Digest: sha256:00" },
      { status: "Status: Downloaded newer image for redis:7" },
    ]);
    expect(states).toEqual([
      { layer: "layer1", phase: "waiting" },
      { layer: "layer1", phase: "downloading", currentBytes: 100, totalBytes: 1000 },
      { layer: "layer1", phase: "downloading", currentBytes: 1000, totalBytes: 1000 },
      { layer: "layer1", phase: "extracting", currentBytes: 1000, totalBytes: 1000 },
      { layer: "layer1", phase: "done", currentBytes: 1000, totalBytes: 1000 },
    ]);
  });

  it("knows layers that are there, and layers that came too fast to be counted", () => {
    expect(followAll([line("Already exists")])).toEqual([{ layer: "layer1", phase: "present" }]);
    expect(
      followAll([line("Pulling fs layer"), line("Download complete"), line("Pull complete")]).at(-1),
    ).toEqual({
      layer: "layer1",
      phase: "done",
    });
  });

  it("does not go back when a download is retried", () => {
    const lines = [
      line("Downloading", 900, 1000),
      line("Retrying in 5 seconds"),
      line("Downloading", 10, 1000),
    ];
    expect(followAll(lines)).toHaveLength(1);
  });

  it("leaves a total out that the registry does not know", () => {
    expect(followAll([line("Downloading", 900, -1)])).toEqual([
      { layer: "layer1", phase: "downloading", currentBytes: 900 },
    ]);
  });

  it("never goes back, whatever the engine says", () => {
    const phases = ["waiting", "downloading", "extracting", "done", "present"];
    const status = fc.constantFrom(
      "Pulling fs layer",
      "Waiting",
      "Downloading",
      "Download complete",
      "Extracting",
      "Pull complete",
      "Retrying in 1 second",
    );
    const lines = fc.tuple(
      status,
      fc.option(fc.nat(5000), { nil: undefined }),
      fc.option(fc.integer({ min: -1, max: 5000 }), { nil: undefined }),
      fc.constantFrom("a", "b"),
    );
    fc.assert(
      fc.property(fc.array(lines, { maxLength: 40 }), (script) => {
        const last = new Map<string, PullProgress>();
        for (const state of followAll(script.map((parts) => line(...parts)))) {
          const before = last.get(state.layer);
          expect(phases.indexOf(state.phase)).toBeGreaterThanOrEqual(
            phases.indexOf(before?.phase ?? "waiting"),
          );
          expect(state.currentBytes ?? 0).toBeGreaterThanOrEqual(before?.currentBytes ?? 0);
          expect(state.totalBytes ?? 0).toBeGreaterThanOrEqual(before?.totalBytes ?? 0);
          if (state.totalBytes !== undefined)
            expect(state.currentBytes ?? 0).toBeLessThanOrEqual(state.totalBytes);
          last.set(state.layer, state);
        }
      }),
    );
  });
});
