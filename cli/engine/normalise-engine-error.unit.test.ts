import { describe, expect, it } from "vitest";
import { EngineError } from "./engine-error.js";
import { kindOfMessage, normaliseEngineError } from "./normalise-engine-error.js";

describe("normaliseEngineError", () => {
  // Words as Docker Engine 20 to 29 and Docker Desktop write them.
  it.each([
    [404, "No such image: redis:0", "not-found"],
    [404, "network x not found", "not-found"],
    [
      409,
      'Conflict. The container name "/a" is already in use by container "0f". You have to remove (or rename) that container',
      "conflict",
    ],
    [403, "error while removing network: network x id 0f has active endpoints", "conflict"],
    [
      500,
      "driver failed programming external connectivity on endpoint a (0f): Bind for 127.0.0.1:3306 failed: port is already allocated",
      "port-taken",
    ],
    [
      500,
      "failed to set up container networking: driver failed programming external connectivity on endpoint a: failed to bind host port for 127.0.0.1:3306:172.17.0.2:3306/tcp: address already in use",
      "port-taken",
    ],
    [
      500,
      "Ports are not available: exposing port TCP 127.0.0.1:3306 -> 0.0.0.0:0: listen tcp 127.0.0.1:3306: bind: address already in use",
      "port-taken",
    ],
    [400, 'invalid mount config for type "bind": bind source path does not exist: /x', "mount-source"],
    [
      502,
      "Mounts denied: \nThe path /x is not shared from the host and is not known to Docker.",
      "mount-source",
    ],
    [
      400,
      "failed to create task for container: mount /a to /b: not a directory: unknown: Are you trying to mount a directory onto a file (or vice-versa)?",
      "mount-source",
    ],
    [500, "write /var/lib/docker/tmp/x: no space left on device", "no-space"],
    [404, "manifest for redis:0 not found: manifest unknown: manifest unknown", "manifest-unknown"],
    [
      404,
      "pull access denied for x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
      "unauthorized",
    ],
    [
      500,
      "toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit",
      "rate-limited",
    ],
    [429, "slow down", "rate-limited"],
    [
      500,
      'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 10.0.0.1:53: no such host',
      "registry-unreachable",
    ],
    [
      500,
      'Get "https://r.example/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
      "registry-unreachable",
    ],
    [
      500,
      'Get "https://r/v2/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
      "registry-unreachable",
    ],
    [403, "authorization denied by plugin x", "unauthorized"],
    [400, "invalid reference format", "invalid"],
    [500, "something new", "other"],
  ])("%i %s", (statusCode, words, kind) => {
    const message = `(HTTP code ${statusCode}) unexpected - ${words} `;
    const error = normaliseEngineError(Object.assign(new Error(message), { statusCode }));
    expect({ kind: error.kind, message: error.message, statusCode: error.statusCode }).toEqual({
      kind,
      message: words,
      statusCode,
    });
  });

  it.each(["ECONNREFUSED", "ECONNRESET", "ENOENT", "EACCES", "EPIPE"])("%s is the connection's", (code) => {
    const cause = Object.assign(new Error("connect"), { code });
    expect(normaliseEngineError(cause)).toMatchObject({ kind: "connection", cause });
  });

  it("passes its own errors through", () => {
    const error = new EngineError({ kind: "no-space", message: "full" });
    expect(normaliseEngineError(error)).toBe(error);
  });

  it.each([undefined, null, "text", { statusCode: 500 }, new Error("")])("copes with %j", (thrown) => {
    expect(normaliseEngineError(thrown)).toBeInstanceOf(EngineError);
  });
});

describe("kindOfMessage", () => {
  it("knows what stands inside a stream", () => {
    expect(kindOfMessage("failed to register layer: write /a: no space left on device")).toBe("no-space");
    expect(kindOfMessage("no matching manifest for linux/arm64/v8 in the manifest list entries")).toBe(
      "manifest-unknown",
    );
    expect(kindOfMessage("unknown words")).toBe("other");
  });
});
