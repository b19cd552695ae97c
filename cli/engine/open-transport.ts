import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type Docker from "dockerode";
import type { EngineAddress } from "./discover.js";
import { sshAgent } from "./ssh-agent.js";
import { Transport } from "./transport.js";

/**
 * A transport to the address. Nothing is sent yet. dockerode is imported here, on first use, because it is
 * the heaviest import of the commands that need nothing else.
 */
export async function openTransport(address: EngineAddress): Promise<Transport> {
  const { default: DockerClient } = await import("dockerode");
  const { agent, ...options } = connectionOptions(address);
  // Every option that docker-modem would otherwise read from the environment is set: the address is already chosen.
  const docker = new DockerClient({
    host: undefined,
    port: undefined,
    socketPath: undefined,
    timeout: undefined,
    ...options,
    agent,
  } as Docker.DockerOptions);
  return new Transport(docker, agent);
}

function connectionOptions(address: EngineAddress): Docker.DockerOptions & { agent: HttpAgent } {
  const keepAlive = { keepAlive: true };
  const local = /^(unix|npipe):\/\/(.*)$/.exec(address.url);
  if (local?.[2]) return { socketPath: local[2], protocol: "http", agent: new HttpAgent(keepAlive) };
  const url = new URL(address.url);
  // The name only fills the Host header: ssh itself reaches the engine.
  if (url.protocol === "ssh:") return { host: "http://docker", protocol: "http", agent: sshAgent(url) };
  const port = url.port || (address.tls ? 2376 : 2375);
  if (!address.tls) {
    return { host: `http://${url.hostname}`, port, protocol: "http", agent: new HttpAgent(keepAlive) };
  }
  const { verify, ...material } = address.tls;
  const agent = new HttpsAgent({ ...keepAlive, rejectUnauthorized: verify });
  return { host: `https://${url.hostname}`, port, protocol: "https", ...material, agent };
}
