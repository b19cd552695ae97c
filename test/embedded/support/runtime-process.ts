import { type ChildProcess, spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { execa } from "execa";
import type { LogEntry, RuntimeSettings, StartReport } from "../../../contracts/embedded-control.js";
import { findFreePorts } from "../../support/free-ports.js";
import { waitUntil } from "./wait-until.js";

const repository = resolve(import.meta.dirname, "../../..");

export const account = { user: "tester", password: "not-a-secret" };

/** The runtime as it is shipped: one bundle, a process of its own. */
export interface BuiltRuntime {
  readonly folder: string;
  remove(): void;
}

export async function buildRuntime(): Promise<BuiltRuntime> {
  const folder = mkdtempSync(join(tmpdir(), "mybroker-runtime-"));
  await execa(process.execPath, ["tools/build.mjs", join(folder, "dist")], { cwd: repository });
  // SQLite's native part is found there.
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface RuntimeProcess {
  readonly pid: number;
  readonly ports: { readonly kafka: number; readonly rabbitmq: number };
  readonly dataFolder: string;
  /** Starts it again on its data, after kill(). @returns what the process reported */
  start(): Promise<StartReport>;
  /** SIGKILL, and waits for its end. */
  kill(): Promise<void>;
  log(): LogEntry[];
  readonly hasEnded: boolean;
  residentBytes(): number;
  /** TCP connections that the process has open. */
  connectionCount(): number;
  remove(): Promise<void>;
}

/** A runtime with both brokers on free ports and data of its own; it has reported that it is ready. */
export async function startRuntime(built: BuiltRuntime): Promise<RuntimeProcess> {
  const root = mkdtempSync(join(tmpdir(), "mybroker-process-"));
  const [kafka = 0, rabbitmq = 0] = await findFreePorts(2);
  const dataFolder = join(root, "data");
  const logPath = join(root, "log", "runtime.log");
  mkdirSync(join(root, "log"));
  const common = { start: true, basis: {} };
  const settings: RuntimeSettings = {
    version: "0.0.0-test",
    dataFolder,
    socketPath: join(root, "control.sock"),
    logPath,
    foreground: false,
    services: [
      { ...common, name: "kafka", kind: "kafka", port: kafka, topics: [] },
      { ...common, name: "rabbitmq", kind: "rabbitmq", port: rabbitmq, ...account, definitions: {} },
    ],
  };
  let child: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    child?.kill("SIGKILL");
    await waitUntil(() => child === undefined || hasEnded(child));
  };
  const start = async (): Promise<StartReport> => {
    child = spawn(process.execPath, [join(built.folder, "dist", "embedded.js")], {
      stdio: ["pipe", "ignore", "inherit", "pipe"],
    });
    child.stdin?.end(`${JSON.stringify(settings)}\n`);
    let text = "";
    for await (const chunk of child.stdio[3] as Readable) text += chunk;
    return JSON.parse(text || '{"problems":[{"code":"CRASHED"}]}') as StartReport;
  };
  const report = await start();
  if (report.ready === undefined) throw new Error(JSON.stringify(report));
  return {
    get pid() {
      return child?.pid ?? -1;
    },
    ports: { kafka, rabbitmq },
    dataFolder,
    start,
    kill,
    log: () =>
      readFileSync(logPath, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as LogEntry),
    get hasEnded() {
      return child === undefined || hasEnded(child);
    },
    residentBytes: () => readResidentBytes(child?.pid ?? -1),
    connectionCount: () => countConnections(child?.pid ?? -1, [kafka, rabbitmq]),
    remove: async () => {
      await kill();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function readResidentBytes(pid: number): number {
  const [, kilobytes = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}

/** Descriptors of the process that are sockets on one of its ports, whatever state they are in. */
function countConnections(pid: number, ports: readonly number[]): number {
  const hexPorts = ports.map((port) => port.toString(16).toUpperCase().padStart(4, "0"));
  const listening = "0A";
  const inodes = new Set(
    readFileSync(`/proc/${pid}/net/tcp`, "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(
        ([, local = "", , state]) => hexPorts.includes(local.split(":")[1] ?? "") && state !== listening,
      )
      .map((fields) => `socket:[${fields[9]}]`),
  );
  return readdirSync(`/proc/${pid}/fd`).filter((name) => inodes.has(readLink(pid, name))).length;
}

function readLink(pid: number, name: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${name}`);
  } catch {
    // It was closed meanwhile.
    return "";
  }
}
