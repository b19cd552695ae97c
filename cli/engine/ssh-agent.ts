import { Agent } from "node:http";
import { Duplex } from "node:stream";
import { execa } from "execa";

/**
 * Connections through the user's own ssh, as the docker CLI makes them: `ssh HOST docker system dial-stdio`.
 * So ~/.ssh/config, known_hosts and the key agent hold, which an ssh library would each have to copy.
 */
export function sshAgent(url: URL): Agent {
  const agent = new Agent({ keepAlive: true });
  // The types know only sockets; Node's http takes any duplex stream.
  Object.assign(agent, { createConnection: () => dialStdio(url) });
  return agent;
}

function dialStdio(url: URL): Duplex {
  const remote = ["docker", ...(url.pathname.length > 1 ? ["--host", `unix://${url.pathname}`] : [])];
  const args = [
    ...["-o", "ConnectTimeout=30", "-T"],
    ...(url.username ? ["-l", decodeURIComponent(url.username)] : []),
    ...(url.port ? ["-p", url.port] : []),
    ...["--", url.hostname.replace(/^\[|\]$/g, ""), ...remote, "system", "dial-stdio"],
  ];
  const child = execa("ssh", args, { buffer: false, reject: false, stdin: "pipe" });
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  let words = "";
  child.stderr.on("data", (chunk: Buffer) => {
    words = `${words}${chunk}`.slice(-500);
  });
  child.then((result) => {
    if (result.exitCode === 0 || stream.destroyed) return;
    const reason = words.trim() || result.shortMessage || "ssh ended";
    stream.destroy(Object.assign(new Error(reason), { code: "ECONNREFUSED" }));
  });
  stream.once("close", () => child.kill());
  // What Node's http expects of a socket beyond a stream.
  const nothing = () => stream;
  return Object.assign(stream, {
    setTimeout: nothing,
    setNoDelay: nothing,
    setKeepAlive: nothing,
    ref: nothing,
    unref: nothing,
  });
}
