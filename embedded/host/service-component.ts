import { request } from "node:http";
import { join } from "node:path";
import type { LogEntry, ServiceSetting } from "../../contracts/embedded-control.js";
import type { ReadyBody } from "../../contracts/rest.js";
import { isServiceName, loadService } from "../../services/definitions.js";
import type { Component, Surroundings } from "./component.js";

/** A domain service, run as its container runs it: settings as an environment, log lines as JSON. */
export function createService(setting: ServiceSetting, surroundings: Surroundings): Component {
  const { name, env = {} } = setting;
  const { bundleFolder, write } = surroundings;
  const start = async () => {
    if (!isServiceName(name)) throw new Error(`there is no domain service ${name} in this mybroker`);
    const definition = await loadService(name);
    const migrationsFolder = join(bundleFolder, "services", "migrations", name);
    const writeLog = (line: string): void => write(name, levelOf(line), line.trimEnd());
    const { address, close } = await definition.start({ env, migrationsFolder, writeLog });
    return { address, check: () => checkReady(address), close };
  };
  return { setting, path: null, start };
}

/** The line itself is kept as the service wrote it. */
function levelOf(line: string): LogEntry["level"] {
  const [, level] = /"level":"(\w+)"/.exec(line) ?? [];
  if (level === "warn") return "warn";
  return level === "error" || level === "fatal" ? "error" : "info";
}

const checkTimeoutMs = 5_000;

/** Asks as a healthcheck does. @throws Error that names what is away */
async function checkReady(address: string): Promise<void> {
  const { status, text } = await get(`http://${address}/health/ready`);
  if (status === 200) return;
  const { dependencies = [] } = JSON.parse(text) as Partial<ReadyBody>;
  const away = dependencies
    .filter(({ ok }) => !ok)
    .map(({ name, problem }) => `${name}: ${problem ?? "away"}`);
  throw Object.assign(new Error(away.join("; ") || `not ready (HTTP ${status})`), { code: "NOT_READY" });
}

function get(url: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent: false, timeout: checkTimeoutMs }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.once("error", reject);
      response.once("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asked.once("timeout", () => asked.destroy(new Error(`no answer within ${checkTimeoutMs / 1000} s`)));
    asked.once("error", reject);
    asked.end();
  });
}
