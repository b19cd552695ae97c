import { describe, expect, it } from "vitest";
import { parseImageReference } from "./image-reference.js";

describe("parseImageReference", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  it.each([
    ["redis", "docker.io", "redis", "latest"],
    ["redis:7.4", "docker.io", "redis", "7.4"],
    ["prom/prometheus:v3", "docker.io", "prom/prometheus", "v3"],
    ["docker.io/library/redis:7", "docker.io", "docker.io/library/redis", "7"],
    ["index.docker.io/library/redis", "docker.io", "index.docker.io/library/redis", "latest"],
    ["localhost/app", "localhost", "localhost/app", "latest"],
    ["localhost:5000/app", "localhost:5000", "localhost:5000/app", "latest"],
    ["ghcr.io/org/app:1@sha256:0", "ghcr.io", "ghcr.io/org/app", "sha256:0"],
    [`redis@${digest}`, "docker.io", "redis", digest],
    ["a.b:5000/x/y:z", "a.b:5000", "a.b:5000/x/y", "z"],
  ])("%s", (reference, registry, name, version) => {
    expect(parseImageReference(reference)).toEqual({ registry, name, version });
  });
});
