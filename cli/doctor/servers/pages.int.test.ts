import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { scripts, startScriptedServer } from "../../ready/testing/scripted-server.js";
import { pageCheck } from "./pages.js";
import { describeTarget, lookAt } from "./testing/look-at.js";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

type Pages = Readonly<Record<string, readonly [status: number, body: unknown, location?: string]>>;

/** A page of each path; what a path is asked with is given to `see`. */
async function serve(pages: Pages, see: (request: IncomingMessage) => void = () => {}): Promise<number> {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    see(request);
    const [status, body, location] = pages[`${request.method} ${request.url}`] ?? [404, ""];
    response.writeHead(status, location === undefined ? {} : { location });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  open.push(() => new Promise((done) => server.close(done)));
  return (server.address() as AddressInfo).port;
}

const credentials = { user: "GRAFANA_ADMIN_USER", password: "GRAFANA_ADMIN_PASSWORD" };
const grafana = { kind: "http", port: 3000, healthUrl: "/api/health", credentials } as const;
const healthy: Pages = {
  "GET /api/health": [200, '{"database": "ok"}'],
  "GET /api/user": [200, {}],
  "GET /api/datasources": [200, [{ uid: "prometheus", name: "Prometheus" }]],
  "GET /api/datasources/uid/prometheus/health": [200, { status: "OK" }],
};

const lookAtGrafana = async (pages: Pages, see?: (request: IncomingMessage) => void) => {
  const login = { user: "admin", password: "not-a-secret" };
  return lookAt(pageCheck, [
    describeTarget(grafana, { service: "grafana", port: await serve(pages, see), ...login }),
  ]);
};

it("asks Grafana with its login whether its data sources work", async () => {
  const logins = new Set<string | undefined>();
  const well = await lookAtGrafana(healthy, ({ url, headers }) => {
    if (url !== "/api/health") logins.add(headers.authorization);
  });
  expect(well).toMatchObject([{ id: "page.works", level: "ok" }]);
  expect([...logins]).toEqual([`Basic ${Buffer.from("admin:not-a-secret").toString("base64")}`]);
  const broken = await lookAtGrafana({
    ...healthy,
    "GET /api/datasources/uid/prometheus/health": [400, { status: "ERROR", message: "connection refused" }],
  });
  expect(broken).toMatchObject([
    {
      id: "grafana.datasource",
      level: "warning",
      message: "grafana cannot use its data source Prometheus: connection refused",
      fix: "{mybroker} restart grafana",
    },
  ]);
});

it("tells a login that Grafana refuses, without the password", async () => {
  const found = await lookAtGrafana({ ...healthy, "GET /api/user": [401, { message: "Unauthorized" }] });
  expect(found).toMatchObject([{ id: "page.login-refused", level: "error" }]);
  expect(JSON.stringify(found)).not.toContain("not-a-secret");
});

it("takes for refused only what Kafka UI's form sends back", async () => {
  const environment = { AUTH_TYPE: "LOGIN_FORM", KAFKA_CLUSTERS_0_NAME: "mybroker" };
  const extension = { kind: "http", port: 8080, healthUrl: "/actuator/health" } as const;
  const look = async (pages: Pages) => {
    const port = await serve({ "GET /actuator/health": [200, "{}"], ...pages });
    const target = describeTarget(extension, { service: "kafka-ui", port, user: "admin", password: "x" });
    const service = { command: null, entrypoint: null, environment, "x-mybroker": extension };
    return lookAt(pageCheck, [target], { "kafka-ui": service });
  };
  const refused = await look({ "POST /login": [302, "", "/login?error"] });
  expect(refused).toMatchObject([{ id: "page.login-refused", level: "error" }]);
  for (const pages of [{ "POST /login": [302, "", "/"] }, {}] as readonly Pages[]) {
    expect(await look(pages)).toMatchObject([{ id: "page.works", level: "ok" }]);
  }
});

it("tells which targets Prometheus cannot read, of those that run here, and which it does not know", async () => {
  const port = await serve({
    "GET /-/ready": [200, "Prometheus Server is Ready.\n"],
    "GET /api/v1/targets?state=active": [
      200,
      {
        data: {
          activeTargets: [
            {
              scrapeUrl: "http://broker-order:8088/metrics",
              health: "down",
              lastError: "connection refused",
            },
            { scrapeUrl: "http://broker-order:8088/more", health: "down", lastError: "connection refused" },
            { scrapeUrl: "http://broker-report:8087/metrics", health: "down", lastError: "no such host" },
            { scrapeUrl: "http://127.0.0.1:9090/metrics", health: "up", lastError: "" },
          ],
        },
      },
    ],
  });
  const metrics = await serve({ "GET /metrics": [200, "up 1\n"], "GET /health/ready": [200, "{}"] });
  const service = { kind: "service", port: 8088 } as const;
  const found = await lookAt(pageCheck, [
    describeTarget({ kind: "http", port: 9090, healthUrl: "/-/ready" }, { service: "prometheus", port }),
    describeTarget(service, { service: "broker-order", port: metrics }),
    describeTarget(service, { service: "broker-wallet", port: metrics }),
    describeTarget(service, { service: "mine", port: await serve({}) }),
  ]);
  expect(found.map(({ id, subject, level }) => `${level} ${id} ${subject}`)).toEqual([
    "warning prometheus.target-down broker-order",
    "warning prometheus.missing-target broker-wallet",
  ]);
});

it("tells a page that is silent in its time, and what the others said", async () => {
  const silent = await startScriptedServer(scripts.silent);
  open.push(() => silent.close());
  const page = { kind: "http", port: 80, healthUrl: "/" } as const;
  const startedMs = performance.now();
  const found = await lookAt(pageCheck, [
    describeTarget(page, { service: "silent", port: silent.port }),
    describeTarget(page, { service: "well", port: await serve({ "GET /": [200, "hello"] }) }),
  ]);
  expect(performance.now() - startedMs).toBeLessThan(2_900);
  expect(found.map(({ id, subject, level }) => `${level} ${id} ${subject}`)).toEqual([
    "error page.unreachable silent",
    "ok page.works well",
  ]);
});
