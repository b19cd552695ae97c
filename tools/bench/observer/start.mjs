import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const lastAnswerTimeoutMs = 60_000;

/**
 * Every server that the compose file describes with x-mybroker, as the host reaches it: Compose reads the file, and
 * in YAML, for its JSON leaves such keys out. The file is the project's own, so its aliases need no limit.
 */
export async function listServers({ run, project, values }, peers) {
  const { services } = parse((await run(peers.compose.config(project))).stdout, { maxAliasCount: -1 });
  return Object.entries(services).flatMap(([service, definition]) => {
    const described = definition["x-mybroker"];
    if (described === undefined) return [];
    const published = definition.ports.find(({ target }) => Number(target) === described.port);
    const credentials = Object.entries(described.credentials ?? {}).map(([role, key]) => [
      role,
      values.get(key),
    ]);
    return {
      service,
      kind: described.kind,
      port: Number(published.published),
      healthUrl: described.healthUrl,
      ...Object.fromEntries(credentials),
    };
  });
}

/**
 * Starts the observer; resolves once it observes.
 * @returns {Promise<{ finish: () => Promise<object[]>, stop: () => void }>} finish resolves when every server has
 *   let the observer in: { service, answeredMs, loggedInMs (monotonic), cpuMs (of the observer until then) }
 */
export async function startObserver(servers) {
  const child = fork(fileURLToPath(new URL("../observe-servers.mjs", import.meta.url)));
  await once(child, "message");
  const seen = [];
  const all = new Promise((resolve) => {
    child.on("message", (message) => {
      seen.push(message);
      if (seen.length === servers.length) resolve(seen);
    });
  });
  child.send({ servers });
  return {
    finish: () => Promise.race([all, failAfter(lastAnswerTimeoutMs, servers, seen)]),
    stop: () => child.connected && child.disconnect(),
  };
}

async function failAfter(durationMs, servers, seen) {
  await new Promise((resolve) => setTimeout(resolve, durationMs).unref());
  const known = new Set(seen.map(({ service }) => service));
  const missing = servers.map(({ service }) => service).filter((service) => !known.has(service));
  throw new Error(`the command returned, but ${durationMs / 1000} s later no login to ${missing.join(", ")}`);
}
