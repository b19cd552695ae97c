import { createSocket } from "node:dgram";
import { createServer } from "node:net";

/**
 * True where the kernel lets us bind this address now. Only "in use" counts as taken: a low port that this user may not bind,
 * or an address family that the machine lacks, is not held by anybody.
 */
export async function canBind(address: string, port: number, protocol: "tcp" | "udp"): Promise<boolean> {
  const code = await (protocol === "tcp" ? tryTcp(address, port) : tryUdp(address, port));
  return code !== "EADDRINUSE";
}

function tryTcp(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
    // ipv6Only: a [::] socket that also took IPv4 would report an IPv4 holder twice.
    server.listen({ host, port, exclusive: true, ipv6Only: host.includes(":") }, () => {
      server.close(() => resolve(undefined));
    });
  });
}

function tryUdp(address: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket({
      type: address.includes(":") ? "udp6" : "udp4",
      ipv6Only: address.includes(":"),
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      socket.close();
      resolve(error.code);
    });
    socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve(undefined)));
  });
}

/**
 * The addresses to try for one that a port is to be published on. macOS and Windows let a second socket take
 * 127.0.0.1 while another holds all addresses, so there the wildcard is tried as well.
 */
export function addressesToTry(hostIp: string, platform: NodeJS.Platform): string[] {
  if (isWildcard(hostIp)) return ["0.0.0.0", "::"];
  if (platform === "linux") return [hostIp];
  return [hostIp, hostIp.includes(":") ? "::" : "0.0.0.0"];
}

/** True where the address stands for all of the machine's. */
export function isWildcard(hostIp: string): boolean {
  return hostIp === "" || hostIp === "0.0.0.0" || hostIp === "::";
}
