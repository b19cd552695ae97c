import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type Docker from "dockerode";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { EngineAddress } from "./discover.js";
import { Transport } from "./transport.js";

/**
 * A transport to the address. Nothing is sent yet. dockerode is imported here, on first use, because it is
 * the heaviest import of the commands that need nothing else.
 */
export async function openTransport(address: EngineAddress): Promise<Transport> {
  const { default: DockerClient } = await import("dockerode");
  const options = await connectionOptions(address);
  return new Transport(newDocker(DockerClient, options, address), options.agent);
}

type ConnectionOptions = Docker.DockerOptions & { readonly agent: HttpAgent };

/** Every option that docker-modem would otherwise take from the environment is set: the address is already chosen. */
function newDocker(DockerClient: typeof Docker, options: ConnectionOptions, address: EngineAddress): Docker {
  const unset = {
    host: undefined,
    port: undefined,
    socketPath: undefined,
    username: undefined,
    timeout: undefined,
  };
  const noTls = { ca: undefined, cert: undefined, key: undefined };
  try {
    return new DockerClient({ ...unset, ...noTls, pathPrefix: "/", ...options } as Docker.DockerOptions);
  } catch (cause) {
    // It opens the files of DOCKER_CERT_PATH first, whether they are wanted or not.
    throw new MybrokerError({
      code: "engine.context-broken",
      message: `the engine at ${address.url} (${address.source}) cannot be opened: ${(cause as Error).message}`,
      hint: "correct DOCKER_CERT_PATH, or unset it",
      exitCode: exitCodes.machine,
      cause,
    });
  }
}

async function connectionOptions(address: EngineAddress): Promise<ConnectionOptions> {
  const keepAlive = { keepAlive: true };
  const local = /^(unix|npipe):\/\/(.*)$/.exec(address.url);
  if (local?.[2]) return { socketPath: local[2], protocol: "http", agent: new HttpAgent(keepAlive) };
  const url = new URL(address.url);
  if (url.protocol === "ssh:") {
    const { sshAgent } = await import("./ssh-agent.js");
    // The name only fills the Host header: ssh itself reaches the engine.
    return { host: "http://docker", protocol: "http", agent: sshAgent(url) };
  }
  const port = url.port || (address.tls ? 2376 : 2375);
  if (!address.tls) {
    return { host: `http://${url.hostname}`, port, protocol: "http", agent: new HttpAgent(keepAlive) };
  }
  const { verify, ...material } = address.tls;
  const agent = new HttpsAgent({ ...keepAlive, rejectUnauthorized: verify });
  return { host: `https://${url.hostname}`, port, protocol: "https", ...material, agent };
}
