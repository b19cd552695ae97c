import { setTimeout as sleep } from "node:timers/promises";
import { messageHeaders } from "../../../contracts/message-headers.js";
import type { Log } from "../log.js";
import type { Metrics } from "../metrics.js";
import { nextTraceparent } from "../trace.js";
import type { Checked } from "../validate.js";

/** What a link needs of its service. */
export interface LinkContext {
  /** The service's: it becomes the name of the connection and the client. */
  readonly name: string;
  readonly log: Pick<Log, "info" | "warn" | "error">;
  readonly metrics: Metrics;
}

/**
 * Thrown by a consumer's handle for one message of its batch that can never be valid: it is dead-lettered with the
 * reason, and handle is called again with the others.
 */
export class InvalidMessage extends Error {
  readonly invalid: object;

  /** @param invalid the message, as handle was given it */
  constructor(invalid: object, reason: string) {
    super(reason);
    this.invalid = invalid;
  }
}

/** Takes messages until it is closed. */
export interface Consumer {
  /** Lets the batch at hand end and takes no more. */
  close(): Promise<void>;
}

const sizeLimitBytes = 64 * 1024;
const depthLimit = 16;

/** JSON without what no store keeps: deep nesting, text with a NUL. `body` is undefined where it is no JSON. */
export function readJson(content: Buffer): { readonly body: unknown; readonly problem?: string } {
  if (content.length > sizeLimitBytes) return { body: undefined, problem: "larger than 64 KiB" };
  let body: unknown;
  try {
    body = JSON.parse(content.toString());
  } catch {
    return { body, problem: "not JSON" };
  }
  const problem = findUnkept(body);
  return problem === undefined ? { body } : { body: undefined, problem };
}

/** Without recursion, which the depth of a message could exhaust. */
function findUnkept(body: unknown): string | undefined {
  let level = [body];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > depthLimit) return `nested deeper than ${depthLimit}`;
    if (level.some((value) => typeof value === "string" && value.includes("\0"))) return "text with a NUL";
    level = level.flatMap((value) =>
      typeof value === "object" && value !== null ? Object.values(value) : [],
    );
  }
  return undefined;
}

/** Parsed and checked in one. */
export function readMessage<T>(content: Buffer, check: (value: unknown) => Checked<T>): Checked<T> {
  const { body, problem } = readJson(content);
  return problem === undefined ? check(body) : { ok: false, reason: problem };
}

/** A message goes on with the trace that it was given, else with that of the work at hand. */
export function withTrace(headers: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const { traceparent } = messageHeaders;
  return traceparent in headers ? headers : { ...headers, [traceparent]: nextTraceparent() };
}

/** A header may hold one line. */
export function toReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\p{Cc}+/gu, " ").slice(0, 200) || "unknown";
}

/** Ends early, and without an error, when the signal is given. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal, ref: false }).catch(() => {});
}

/** 1 s, doubling to 30 s as long as failures follow each other within a minute. */
export function createBackOff(): () => number {
  let delayMs = 0;
  let failedAt = 0;
  return () => {
    delayMs = Date.now() - failedAt > 60_000 ? 1_000 : Math.min(delayMs * 2, 30_000);
    failedAt = Date.now();
    return delayMs;
  };
}
