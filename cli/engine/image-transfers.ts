import { EngineError } from "./engine-error.js";
import { parseImageReference } from "./image-reference.js";
import type { BuildOptions, PullOptions, PullProgress, RegistryAnswer } from "./images.js";
import { readNdjson } from "./ndjson.js";
import { kindOfMessage, normaliseEngineError } from "./normalise-engine-error.js";
import { type PullLine, PullTracker } from "./pull-progress.js";
import { readUntilAborted } from "./read-stream.js";
import type { Credentials } from "./registry-credentials.js";
import type { Transport } from "./transport.js";

/** Pulls one image; ends when the engine has it. An error line inside the stream is thrown. */
export async function* pullImage(
  transport: Transport,
  reference: string,
  options: PullOptions & { credentials: Credentials },
): AsyncGenerator<PullProgress> {
  const { name, version } = parseImageReference(reference);
  const { credentials, signal } = options;
  try {
    const source = await transport.stream({
      method: "POST",
      path: "/images/create",
      query: { fromImage: name, tag: version, platform: options.platform },
      headers: authHeaders(credentials),
      signal,
    });
    const tracker = new PullTracker();
    for await (const line of readUntilAborted(readNdjson<PullLine>(source), source, signal)) {
      throwErrorLine(line);
      const progress = tracker.follow(line);
      if (progress) yield progress;
    }
  } catch (error) {
    throw withCredentialProblem(normaliseEngineError(error), credentials);
  }
  // An aborted pull leaves the image half there: it must not look like a finished one.
  if (signal?.aborted)
    throw new EngineError({ kind: "other", message: `the pull of ${reference} was interrupted` });
}

/** Builds with the engine's own builder (POST /build), which needs no BuildKit session. */
export async function* buildImage(
  transport: Transport,
  options: BuildOptions,
): AsyncGenerator<{ stream?: string }> {
  const { signal } = options;
  const source = await transport.stream({
    method: "POST",
    path: "/build",
    query: {
      dockerfile: options.dockerfile,
      t: options.tag,
      labels: options.labels,
      buildargs: options.args,
      target: options.target,
      networkmode: options.networkMode,
      rm: true,
      forcerm: true,
    },
    tar: options.tar,
    headers: { "Content-Type": "application/x-tar" },
    signal,
  });
  for await (const line of readUntilAborted(
    readNdjson<PullLine & { stream?: string }>(source),
    source,
    signal,
  )) {
    throwErrorLine(line);
    if (line.stream !== undefined) yield { stream: line.stream };
  }
  if (signal?.aborted)
    throw new EngineError({ kind: "other", message: `the build of ${options.tag} was interrupted` });
}

/** Whether the registry would give the image, asked through the engine, which has its own network and mirrors. */
export async function probeRegistry(
  transport: Transport,
  reference: string,
  options: { timeoutMs: number; credentials: Credentials },
): Promise<RegistryAnswer> {
  try {
    await transport.json({
      path: `/distribution/${reference}/json`,
      headers: authHeaders(options.credentials),
      timeoutMs: options.timeoutMs,
    });
    return { kind: "present" };
  } catch (error) {
    const { kind, message } = normaliseEngineError(error);
    if (kind === "manifest-unknown" || kind === "not-found") return { kind: "missing" };
    if (kind === "unauthorized" || kind === "rate-limited") return { kind };
    return { kind: "unreachable", reason: message };
  }
}

function throwErrorLine(line: PullLine): void {
  const message = line.errorDetail?.message ?? line.error;
  if (message === undefined) return;
  throw new EngineError({ kind: kindOfMessage(message), message });
}

function authHeaders(credentials: Credentials): Record<string, string> {
  return credentials.header === undefined ? {} : { "X-Registry-Auth": credentials.header };
}

function withCredentialProblem(error: EngineError, credentials: Credentials): EngineError {
  if (error.kind !== "unauthorized" || credentials.problem === undefined) return error;
  return new EngineError({
    kind: error.kind,
    message: `${error.message} (asked without a login: ${credentials.problem})`,
    ...(error.statusCode !== undefined && { statusCode: error.statusCode }),
    cause: error,
  });
}
