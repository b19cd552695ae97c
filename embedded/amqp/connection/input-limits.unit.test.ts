import { Socket } from "node:net";
import { beforeEach, expect, it } from "vitest";
import type { PublishOutcome } from "../queues/queue.js";
import { FramePump } from "./frame-pump.js";
import { InputLimits } from "./input-limits.js";

const mebibyte = 1024 * 1024;
const partialOfAll = { sizeBytes: 0 };
let pump: FramePump;
let limits: InputLimits;

function open(): void {
  pump = new FramePump({ socket: new Socket(), frameMaxBytes: 4096, handle: () => {}, onError: () => {} });
  limits = new InputLimits(pump, partialOfAll);
}
beforeEach(() => {
  partialOfAll.sizeBytes = 0;
  open();
});

it("keeps a connection from being read while more than 8 MiB of it are not stored, until half of it is", async () => {
  const settle: ((outcome: PublishOutcome) => void)[] = [];
  const publish = (sizeBytes: number) =>
    limits.trackPublish(sizeBytes, new Promise((resolve) => settle.push(resolve)));
  publish(5 * mebibyte);
  publish(2 * mebibyte);
  expect(pump.held).toBe(false);
  publish(mebibyte);
  expect(pump.held).toBe(true);
  settle[1]?.("stored");
  await Promise.resolve();
  expect(pump.held).toBe(true);
  settle[0]?.("failed");
  await Promise.resolve();
  expect(pump.held).toBe(false);
});

it("lets all connections together have 128 MiB of unfinished contents, and those with little of it go on", () => {
  limits.countPartialContent(128 * mebibyte);
  const first = limits;
  open();
  limits.countPartialContent(mebibyte / 4);
  expect(() => limits.countPartialContent(1)).toThrow(expect.objectContaining({ code: 506 }));
  first.close();
  expect(partialOfAll.sizeBytes).toBe(mebibyte / 4 + 1);
  limits.countPartialContent(1);
});
