import { AsyncLocalStorage } from "node:async_hooks";
import { randomFillSync } from "node:crypto";
import { makeId } from "./make-id.js";

/** Of the request or the message that is being worked on. */
export interface Trace {
  /** Ours, or the caller's x-request-id. */
  readonly requestId: string;
  /** W3C Trace Context: "00-<32 hex>-<16 hex>-<2 hex>"; the span is ours. */
  readonly traceparent: string;
}

const storage = new AsyncLocalStorage<Trace>();
const saneRequestId = /^[\w.:-]{1,128}$/;
const saneTraceparent = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** undefined outside of any request or message. */
export function currentTrace(): Trace | undefined {
  return storage.getStore();
}

/** Continues the sender's trace with a span of our own, or begins one where it sent none or nonsense. */
export function readTrace(headers: { requestId?: unknown; traceparent?: unknown }): Trace {
  const { requestId, traceparent } = headers;
  return {
    requestId: readRequestId(requestId),
    traceparent: nextSpan(typeof traceparent === "string" ? traceparent : ""),
  };
}

/** The sender's, if it is one that a log can hold; else a new one. */
export function readRequestId(sent: unknown): string {
  return typeof sent === "string" && saneRequestId.test(sent) ? sent : makeId();
}

/** Runs `work` and all that it starts within the sender's trace. */
export function runTraced<T>(headers: { requestId?: unknown; traceparent?: unknown }, work: () => T): T {
  return runInTrace(readTrace(headers), work);
}

/** The same for a trace that was read already. */
export function runInTrace<T>(trace: Trace, work: () => T): T {
  return storage.run(trace, work);
}

/** For a request or message that goes out: a child of the current span, or the root of a new trace. */
export function nextTraceparent(): string {
  return nextSpan(storage.getStore()?.traceparent ?? "");
}

function nextSpan(parent: string): string {
  if (!saneTraceparent.test(parent)) return `00-${randomHex(16)}-${randomHex(8)}-01`;
  return `${parent.slice(0, 36)}${randomHex(8)}${parent.slice(52)}`;
}

/** Ids of spans are no secrets; one call for many saves a twentieth of what a request costs. */
const random = Buffer.alloc(4_096);
let used = random.length;

function randomHex(bytes: number): string {
  if (used + bytes > random.length) {
    randomFillSync(random);
    used = 0;
  }
  used += bytes;
  return random.toString("hex", used - bytes, used);
}
