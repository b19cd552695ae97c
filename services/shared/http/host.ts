import type { FastifyRequest } from "fastify";
import { Problem } from "./problem.js";

const hostPattern = /^(\[::1\]|[a-z0-9.-]+)(?::\d{1,5})?$/;

/**
 * Refuses what a page in a browser could send: a Host that is not ours (a foreign name that was made to point here)
 * and any Origin, since no page is served that would call us.
 */
export function createHostCheck(name: string): (request: FastifyRequest) => Problem | undefined {
  const hosts = new Set(["127.0.0.1", "localhost", "[::1]", name]);
  return ({ headers }) => {
    if (!isKnownHost(headers.host, hosts)) {
      return new Problem({ status: 421, code: "MISDIRECTED", title: `This is ${name}.`, field: "host" });
    }
    if (headers.origin === undefined) return undefined;
    return new Problem({
      status: 421,
      code: "ORIGIN_REFUSED",
      title: "Pages may not call.",
      field: "origin",
    });
  };
}

/** Any port will do: it may be published under another. */
export function isKnownHost(host: string | undefined, hosts: ReadonlySet<string>): boolean {
  const name = hostPattern.exec(host?.toLowerCase() ?? "")?.[1];
  return name !== undefined && hosts.has(name);
}
