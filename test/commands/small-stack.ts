import { createHash } from "node:crypto";
import { quoteEnvValue } from "../../cli/env/parse-env-file.js";
import { busybox, createFixture, type Fixture, imageOf } from "../faults/fixture.js";
import { findFreePorts } from "../support/free-ports.js";

/** Letters that YAML, JSON, a shell and a URL each spell in their own way. */
export const cacheSecret = "test-secret$x'y\"z\\w";

export interface SmallStack extends Fixture {
  readonly cachePort: number;
  readonly webPort: number;
}

/** Quick to start, and one of each kind that commands treat in their own way: a server with a login, a page, a
 * container with a terminal, one that writes on, one that has ended, one in a profile. */
const services = `
  cache:
    image: ${imageOf("BROKER_ASSET_CACHE")}
    command: [redis-server, /usr/local/etc/redis/redis.conf]
    init: true
    environment: {REDISCLI_AUTH: "\${CACHE_PASSWORD:?}"}
    configs: [{source: cache, target: /usr/local/etc/redis/redis.conf}]
    ports: ["127.0.0.1:\${CACHE_PORT}:6379"]
    volumes: ["cache-data:/data"]
    healthcheck: {test: [CMD, redis-cli, ping], interval: 5s, start_period: 20s, start_interval: 250ms}
    x-mybroker: {kind: redis, port: 6379, credentials: {password: CACHE_PASSWORD}}
  web:
    image: ${busybox}
    command: [httpd, -f, -p, "8080", -h, /www]
    init: true
    configs: [{source: page, target: /www/index.html}]
    ports: ["127.0.0.1:\${WEB_PORT}:8080"]
    x-mybroker: {kind: http, port: 8080, uiPort: 8080, healthUrl: /index.html}
  counter:
    image: ${busybox}
    command: [sh, -c, 'n=0; while :; do n=$$((n+1)); echo "tick $$n"; echo "tock $$n" >&2; sleep 0.2; done']
    init: true
    depends_on: [cache]
  terminal:
    image: ${busybox}
    command: [sh, -c, 'echo first; echo second >&2; exec sleep 600']
    init: true
    tty: true
  job:
    image: ${busybox}
    command: [echo, all done]
  extra:
    image: ${busybox}
    command: [sleep, "600"]
    init: true
    profiles: [extra]`;

const rest = `
configs:
  cache:
    content: |
      user default on sanitize-payload ~* &* +@all #\${CACHE_HASH:?}
  page: {content: "<p>hello</p>"}
volumes: {cache-data: }`;

/** Writes the files; nothing is created on the engine yet. */
export async function prepareSmallStack(name: string): Promise<SmallStack> {
  const fixture = await createFixture(name);
  const [cachePort = 0, webPort = 0] = await findFreePorts(2);
  fixture.compose(services.slice(1), rest);
  fixture.write(
    ".env",
    [
      `CACHE_PORT=${cachePort}`,
      `WEB_PORT=${webPort}`,
      "# secret",
      `CACHE_PASSWORD=${quoteEnvValue(cacheSecret)}`,
      "# secret",
      `CACHE_HASH=${sha256(cacheSecret)}`,
      "",
    ].join("\n"),
    0o600,
  );
  return { ...fixture, cachePort, webPort };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
