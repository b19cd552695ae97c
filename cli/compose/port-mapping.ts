import { isIP } from "node:net";
import type { Port } from "./model.js";

/** A message about what is wrong with a value; the caller knows its place. */
export class InvalidValue extends Error {}

/**
 * A port in its short form: "[IP:][HOST:]CONTAINER[/PROTOCOL]", host and container also as ranges "8000-8005".
 * A container range becomes one port each; a host range over one container port stays a range for the engine to
 * choose from.
 */
export function parsePortMapping(text: string): Port[] {
  const slash = text.indexOf("/");
  const addresses = slash < 0 ? text : text.slice(0, slash);
  const protocol = (slash < 0 ? "" : text.slice(slash + 1)) || "tcp";
  const parts = addresses.split(":");
  const container = parts.pop() ?? "";
  const host = parts.pop() ?? "";
  const hostIp = parseHostIp(parts.join(":"), text);
  if (!["tcp", "udp", "sctp"].includes(protocol.toLowerCase())) {
    throw new InvalidValue(`"${text}" names the protocol ${protocol}; it can be tcp, udp or sctp`);
  }
  if (container === "") throw new InvalidValue(`"${text}" names no port of the container`);
  const target = parseRange(container, text);
  if (target.start === 0) throw new InvalidValue(`"${text}": a container has no port 0`);
  const published = host === "" ? undefined : parseRange(host, text);
  const count = target.end - target.start + 1;
  if (published !== undefined && count > 1 && published.end - published.start + 1 !== count) {
    throw new InvalidValue(`"${text}" has ranges of different lengths`);
  }
  const ports = Array.from({ length: count }, (_, offset): Port => {
    const port: Port = { mode: "ingress", target: target.start + offset, protocol: protocol.toLowerCase() };
    if (hostIp !== "") port.host_ip = hostIp;
    if (published !== undefined) port.published = publishedText(published, count, offset);
    return port;
  });
  // Compose orders the ports of one range as texts, and the interop hash is taken over that order.
  return ports.sort((left, right) => (`${left.target}/` < `${right.target}/` ? -1 : 1));
}

function publishedText(range: { start: number; end: number }, count: number, offset: number): string {
  const first = String(range.start + offset);
  return count === 1 && range.end !== range.start ? `${first}-${range.end}` : first;
}

function parseHostIp(text: string, whole: string): string {
  const address = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  if (address !== "" && isIP(address.split("%")[0] ?? "") === 0) {
    throw new InvalidValue(`"${whole}" begins with ${address}, which is no IP address`);
  }
  return address;
}

function parseRange(text: string, whole: string): { start: number; end: number } {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const start = Number(match?.[1]);
  const end = Number(match?.[2] ?? match?.[1]);
  if (match === null || start > 65_535 || end > 65_535 || end < start) {
    throw new InvalidValue(`"${whole}": ${text} is no port or range of ports (0 to 65535)`);
  }
  return { start, end };
}
