import type { ProbeAnswer } from "../probe.js";
import { encodeGet, healthPath, readHttpAnswer } from "./http.js";
import type { ServerProbe } from "./server-probe.js";
import { classifySocketError, converse, notReady, oneLine } from "./wire.js";

const defaultPath = "/health/ready";

/**
 * The answer of a domain service's GET /health/ready. While it is not ready its body (contracts/rest.ts, ReadyBody)
 * names what is missing; that is worth more in `up` than the status alone.
 */
export function readServiceAnswer(bytes: Buffer): ProbeAnswer | undefined {
  const answer = readHttpAnswer(bytes);
  if (answer === undefined || answer.ready || answer.reason !== "starting") return answer;
  const text = bytes.toString("utf8");
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, headEnd))?.[1] ?? 0);
  const body = bytes.subarray(Buffer.byteLength(text.slice(0, headEnd)) + 4);
  if (body.length < length) return undefined;
  const missing = missingDependencies(body.toString("utf8"));
  return missing.length === 0 ? answer : notReady("starting", oneLine(`waits for ${missing.join(", ")}`));
}

function missingDependencies(body: string): string[] {
  try {
    const { dependencies } = JSON.parse(body) as { dependencies?: unknown };
    if (!Array.isArray(dependencies)) return [];
    return dependencies.flatMap((entry: { name?: unknown; ok?: unknown } | null) =>
      entry?.ok === false && typeof entry.name === "string" ? [entry.name] : [],
    );
  } catch {
    return [];
  }
}

const ask: ServerProbe["knock"] = (target, timeoutMs) =>
  converse({
    host: target.host,
    port: target.port,
    timeoutMs,
    send: encodeGet(target, healthPath(target.extension.healthUrl ?? defaultPath)),
    read: readServiceAnswer,
  });

/** A domain service has no login of its own: what it needs is asked by itself. */
export const serviceProbe: ServerProbe = {
  knock: ask,
  login: ask,
  prepare: async () => {},
  classify: (error) => classifySocketError(error as NodeJS.ErrnoException),
};
