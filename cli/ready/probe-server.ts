import type { Probe } from "./probe.js";
import { serverProbes } from "./servers/registry.js";

/** One complete attempt: the protocol's first answer, then the login, both within timeoutMs. */
export const probeServer: Probe = async (target, timeoutMs) => {
  const startedMs = performance.now();
  const server = serverProbes[target.extension.kind];
  const knocked = await server.knock(target, timeoutMs);
  if (!knocked.ready) return knocked;
  const leftMs = Math.max(1, Math.round(timeoutMs - (performance.now() - startedMs)));
  const answer = await server.login(target, leftMs);
  return answer.ready ? { ...answer, latencyMs: performance.now() - startedMs } : answer;
};
