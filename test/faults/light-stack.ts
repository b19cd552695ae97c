import { busybox, type Fixture, imageOf } from "./fixture.js";

const forever = "while :; do sleep 3600; done";

/** Five light services with what a start can be interrupted at: networks, volumes, inline files, dependencies. */
export function writeLightStack(fixture: Fixture, greeting: string): void {
  fixture.write(".env", `GREETING=${greeting}\n`, 0o600);
  fixture.compose(
    `
  cache:
    image: ${imageOf("B3_MARKET_CACHE")}
    command: [redis-server, /usr/local/etc/redis/redis.conf]
    configs: [{ source: redis, target: /usr/local/etc/redis/redis.conf }]
    ports: ["127.0.0.1::6379"]
    volumes: ["cache-data:/data"]
    networks: [back]
    healthcheck: { test: [CMD, redis-cli, ping], start_period: 30s, start_interval: 0.2s }
    x-mybroker: { kind: redis, port: 6379 }
  files:
    image: ${busybox}
    command: [sh, -c, "cp /etc/greeting /files/ && exit 0"]
    environment: { GREETING: "\${GREETING}" }
    configs: [{ source: greeting, target: /etc/greeting }]
    volumes: ["files:/files"]
    networks: [back]
  web:
    image: ${busybox}
    command: [httpd, -f, -h, /files]
    environment: { GREETING: "\${GREETING}" }
    stop_signal: SIGKILL
    volumes: ["files:/files"]
    networks: { front: { aliases: [www] }, back: {} }
    healthcheck: { test: [CMD, wget, -q, -O, /dev/null, "http://127.0.0.1/greeting"], start_period: 30s, start_interval: 0.2s }
    depends_on:
      files: { condition: service_completed_successfully }
      cache: { condition: service_healthy }
  worker:
    image: ${busybox}
    command: [sh, -c, "${forever}"]
    environment: { GREETING: "\${GREETING}" }
    stop_signal: SIGKILL
    networks: [front]
    depends_on: { web: { condition: service_healthy } }
  idle:
    image: ${busybox}
    command: [sh, -c, "${forever}"]
    stop_signal: SIGKILL`,
    `networks:
  front: {}
  back: { internal: false }
volumes:
  cache-data: {}
  files: {}
configs:
  redis: { content: "protected-mode no\\nsave \\"\\"\\nport 6379\\n" }
  greeting: { content: "\${GREETING}\\n" }`,
  );
}

/** All that the engine is to have of it, and nothing more. */
export function expectedObjects(project: string): string[] {
  const services = ["cache", "files", "web", "worker", "idle"];
  const others = ["back", "cache-data", "default", "files", "front"];
  return [
    ...services.map((service) => `${project}-${service}-1`),
    ...others.map((name) => `${project}_${name}`),
  ].sort();
}
