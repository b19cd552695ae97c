import type { EngineErrorKind } from "./engine.js";
import { EngineError } from "./engine-error.js";

/**
 * What the engine's own words mean. The status code alone does not tell: a taken port, a full disk and a
 * refused mount all come as 500 or 400. Order matters: the first match wins.
 */
const knownMessages: readonly (readonly [RegExp, EngineErrorKind])[] = [
  [/toomanyrequests|too many requests|pull rate limit/i, "rate-limited"],
  [/no space left on device|disk quota exceeded/i, "no-space"],
  [
    /port is already allocated|address already in use|ports are not available|failed to bind (host )?port/i,
    "port-taken",
  ],
  [
    /bind source path does not exist|mounts denied|not shared from the host|are you trying to mount a directory onto a file|error while creating mount source path/i,
    "mount-source",
  ],
  // A 403, and yet nobody lacks a right.
  [/has active endpoints/i, "conflict"],
  [/manifest unknown|manifest for .* not found|no matching manifest/i, "manifest-unknown"],
  [
    /pull access denied|unauthorized|authentication required|no basic auth credentials|denied: requested access|incorrect username or password/i,
    "unauthorized",
  ],
  [
    /no such host|dial tcp|i\/o timeout|TLS handshake|x509:|connection refused|network is unreachable|server gave HTTP response|context deadline exceeded|Client\.Timeout|request canceled while waiting|temporary failure in name resolution|proxyconnect|unexpected EOF/i,
    "registry-unreachable",
  ],
];

const connectionCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "EACCES",
  "EPERM",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ERR_STREAM_PREMATURE_CLOSE",
  "HPE_INVALID_CONSTANT",
]);

/** Turns whatever a call threw into an EngineError, once; an EngineError passes through unchanged. */
export function normaliseEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const facts = error as { statusCode?: number; code?: string; message?: string };
  const message = engineWords(String(facts?.message ?? error));
  if (facts?.statusCode !== undefined) {
    const { statusCode } = facts;
    return new EngineError({ kind: kindOfAnswer(statusCode, message), message, statusCode, cause: error });
  }
  const kind = connectionCodes.has(facts?.code ?? "") ? "connection" : "other";
  return new EngineError({ kind, message, cause: error });
}

/** The kind that an error message inside a pull, push or build stream stands for; it carries no status. */
export function kindOfMessage(message: string): EngineErrorKind {
  return knownMessages.find(([pattern]) => pattern.test(message))?.[1] ?? "other";
}

function kindOfAnswer(statusCode: number, message: string): EngineErrorKind {
  const known = kindOfMessage(message);
  if (known !== "other") return known;
  if (statusCode === 404) return "not-found";
  if (statusCode === 409) return "conflict";
  if (statusCode === 401 || statusCode === 403) return "unauthorized";
  if (statusCode === 429) return "rate-limited";
  if (statusCode === 400) return "invalid";
  return "other";
}

/** docker-modem wraps the engine's words as "(HTTP code 404) unexpected - words "; the wrapping says nothing. */
function engineWords(message: string): string {
  const wrapped = /^\(HTTP code (\d+)\) [^-]* - ([\s\S]*)$/.exec(message);
  const words = (wrapped?.[2] ?? message).trim().replace(/^Error response from daemon: /, "");
  return words === "" ? `HTTP status ${wrapped?.[1] ?? "unknown"}` : words;
}
