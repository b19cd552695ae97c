import type { Context } from "../kernel/context.js";
import { discoverEngines, type EngineAddress } from "./discover.js";
import { realFiles } from "./file-reader.js";

/**
 * Where published ports are reached. A local socket means this machine, except in a container whose own engine
 * it is: there the ports stand on the container's gateway.
 */
export function hostAddressOf(
  address: EngineAddress,
  env: Readonly<Record<string, string | undefined>>,
  gateway: string | undefined,
): string {
  if (env.MYBROKER_HOST) return env.MYBROKER_HOST;
  if (/^(unix|npipe):/.test(address.url)) return gateway ?? "127.0.0.1";
  const { hostname } = new URL(address.url);
  return hostname.replace(/^\[|\]$/g, "");
}

/**
 * The same for who asks no engine: from the environment and the docker CLI's own files.
 * @throws MybrokerError engine.context-broken, exit 3
 */
export function findHostAddress(context: Pick<Context, "env" | "homeDir" | "uid" | "platform">): string {
  const [address] = discoverEngines({ ...context, files: realFiles });
  return hostAddressOf(address, context.env, undefined);
}
