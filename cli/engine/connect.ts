import { hostname } from "node:os";
import type { Context } from "../kernel/context.js";
import { explainConnectFailure, explainHungEngine, explainNegotiation } from "./connect-errors.js";
import { discoverEngines, type EngineAddress } from "./discover.js";
import { DockerEngine } from "./docker-engine.js";
import type { Engine, EngineFacts } from "./engine.js";
import { EngineError } from "./engine-error.js";
import { type FileReader, realFiles } from "./file-reader.js";
import { hostAddressOf } from "./host-address.js";
import { negotiateApi, negotiationOfRefusal, type VersionAnswer } from "./negotiate.js";
import { openTransport } from "./open-transport.js";
import { findCredentials } from "./registry-credentials.js";
import type { Transport } from "./transport.js";

export interface ConnectOptions {
  /** Milliseconds that one engine has for its first answer; default 3000, ten seconds over ssh. */
  readonly timeoutMs?: number;
  /** The same, of one that is not reached over ssh. */
  readonly localTimeoutMs?: number;
  readonly files?: FileReader;
}

/**
 * The engine that the docker CLI would use, connected and with its API negotiated.
 *
 * @throws MybrokerError, exit 3, with the address and who chose it: engine.absent, engine.forbidden,
 *   engine.hung, engine.not-running, engine.too-old, engine.too-new, engine.context-broken.
 */
export async function connectEngine(
  context: Pick<Context, "env" | "homeDir" | "uid" | "platform">,
  options: ConnectOptions = {},
): Promise<Engine> {
  const files = options.files ?? realFiles;
  const addresses = discoverEngines({ ...context, files });
  let firstFailure: unknown;
  for (const address of addresses) {
    try {
      return await connectAddress(address, context, { ...options, files });
    } catch (error) {
      firstFailure ??= error;
    }
  }
  throw firstFailure;
}

/** GET /info; the fields that we read. */
interface InfoAnswer {
  readonly OperatingSystem?: string;
  readonly Architecture?: string;
  readonly MemTotal?: number;
  readonly NCPU?: number;
  readonly SecurityOptions?: readonly string[] | null;
  readonly DockerRootDir?: string;
  /** RFC 3339 with nanoseconds, when it made this answer. */
  readonly SystemTime?: string;
}

async function connectAddress(
  address: EngineAddress,
  context: Pick<Context, "env" | "homeDir" | "platform">,
  options: ConnectOptions & { files: FileReader },
): Promise<Engine> {
  const timeoutMs =
    options.timeoutMs ?? (address.url.startsWith("ssh:") ? 10_000 : (options.localTimeoutMs ?? 3000));
  const transport = await openTransport(address);
  try {
    const { version, info, clockAheadMs } = await ask(transport, {
      address,
      timeoutMs,
      platform: context.platform,
    });
    const outcome = negotiateApi(version);
    if (outcome.kind !== "agreed") throw explainNegotiation(outcome, address, version);
    transport.useApiVersion(outcome.apiVersion);
    const inContainer = !context.env.MYBROKER_HOST && options.files.exists("/.dockerenv");
    const gateway = inContainer ? await findOwnGateway(transport, timeoutMs) : undefined;
    return new DockerEngine(transport, {
      endpoint: {
        url: address.url,
        source: address.source,
        hostAddress: hostAddressOf(address, context.env, gateway),
      },
      facts: {
        ...factsOf(outcome.apiVersion, version, info),
        ...(clockAheadMs === undefined ? {} : { clockAheadMs }),
      },
      credentialsFor: (reference) => findCredentials(reference, { ...context, files: options.files }),
    });
  } catch (error) {
    transport.close();
    throw error;
  }
}

async function ask(
  transport: Transport,
  where: { address: EngineAddress; timeoutMs: number; platform: NodeJS.Platform },
): Promise<{ version: VersionAnswer; info: InfoAnswer; clockAheadMs: number | undefined }> {
  const { address, timeoutMs, platform } = where;
  const limit = AbortSignal.timeout(timeoutMs);
  // A socket proxy may forbid /info; then its facts stay unknown, which is no reason to stop.
  const info: Promise<TimedInfo> = askInfo(transport, limit).catch(() => ({
    info: {},
    clockAheadMs: undefined,
  }));
  try {
    const version = await transport.json<VersionAnswer>({ path: "/version", signal: limit });
    return { version, ...(await info) };
  } catch (error) {
    if (limit.aborted) throw explainHungEngine(address, timeoutMs, platform);
    const refusal = error instanceof EngineError ? negotiationOfRefusal(error.message) : undefined;
    if (refusal && refusal.kind !== "agreed") throw explainNegotiation(refusal, address, {});
    throw explainConnectFailure(error, address, platform);
  }
}

interface TimedInfo {
  readonly info: InfoAnswer;
  readonly clockAheadMs: number | undefined;
}

/** The engine reads its clock somewhere between the question and the answer; within that nothing is known. */
async function askInfo(transport: Transport, signal: AbortSignal): Promise<TimedInfo> {
  const askedMs = Date.now();
  const info = await transport.json<InfoAnswer>({ path: "/info", signal });
  const answeredMs = Date.now();
  const theirsMs = Date.parse(info.SystemTime ?? "");
  if (Number.isNaN(theirsMs)) return { info, clockAheadMs: undefined };
  const clockAheadMs = theirsMs < askedMs ? theirsMs - askedMs : Math.max(0, theirsMs - answeredMs);
  return { info, clockAheadMs };
}

/** The gateway of the container that we run in, where it is one of this engine's own. */
async function findOwnGateway(transport: Transport, timeoutMs: number): Promise<string | undefined> {
  try {
    const own = await transport.json<{
      NetworkSettings?: { Networks?: Record<string, { Gateway?: string }> };
    }>({
      path: `/containers/${hostname()}/json`,
      timeoutMs,
    });
    const networks = Object.values(own.NetworkSettings?.Networks ?? {});
    return networks.find((network) => network.Gateway)?.Gateway;
  } catch {
    return undefined;
  }
}

function factsOf(apiVersion: string, version: VersionAnswer, info: InfoAnswer): EngineFacts {
  return {
    version: version.Version ?? "unknown",
    apiVersion,
    operatingSystem: info.OperatingSystem ?? version.Os ?? "unknown",
    architecture: version.Arch ?? info.Architecture ?? "unknown",
    memoryBytes: info.MemTotal ?? 0,
    cpus: info.NCPU ?? 0,
    rootless: info.SecurityOptions?.some((option) => option.includes("name=rootless")) ?? false,
    ...(info.DockerRootDir ? { dataRoot: info.DockerRootDir } : {}),
  };
}
