import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { embeddedDataVersion, type RuntimeStatus } from "../../../contracts/embedded-control.js";
import { quoteForShell } from "../../errors/quote-for-shell.js";
import { isProcessAlive } from "../../kernel/process-alive.js";
import { formatBytes, formatMemory } from "../../output/units.js";
import type { Place } from "../../runtime/place.js";
import { type DoctorFacts, type Finding, fine } from "../check.js";
import { nothingRuns } from "../containers/check-presence.js";
import { repairWith } from "../fix/repair-with.js";

/** All nine services and both brokers under load take a third of it (docs/benchmarks.md). */
const muchMemoryBytes = 1024 ** 3;

/** Three files of 10 MB are kept; more than that is not ours. */
const muchLogBytes = 50_000_000;

export async function checkProcess({ ground, project }: DoctorFacts): Promise<readonly Finding[]> {
  if (ground.runtime !== "embedded") return [];
  const { place, status } = ground;
  const files = readProcessFiles(place);
  return [
    ...(status === undefined ? judgeAbsence(files, place, project.name) : [judgeResident(status)]),
    ...judgeDataVersion(files.dataVersion, place),
    ...judgeLog(files.logBytes, place),
  ];
}

export interface ProcessFiles {
  /** Of the process that last had the data. */
  readonly pid: number | undefined;
  readonly alive: boolean;
  readonly hasSocket: boolean;
  /** What it wrote when it crashed; "" where it did not. */
  readonly crash: string;
  /** undefined: there are no data yet; null: the file names none. */
  readonly dataVersion: number | null | undefined;
  readonly logBytes: number;
}

function readProcessFiles(place: Place): ProcessFiles {
  const { pid } = readJson(join(place.dataFolder, "owner.json")) as { pid?: number };
  const versionPath = join(place.dataFolder, "version.json");
  const { dataVersion } = readJson(versionPath) as { dataVersion?: unknown };
  const logs = [place.logPath, `${place.logPath}.1`, `${place.logPath}.2`];
  return {
    pid,
    alive: typeof pid === "number" && isProcessAlive(pid),
    hasSocket: existsSync(place.socketPath),
    crash: readText(place.crashPath).trim(),
    dataVersion: !existsSync(versionPath) ? undefined : typeof dataVersion === "number" ? dataVersion : null,
    logBytes: logs.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0),
  };
}

/** No process answered: none runs, it left without putting its things away, or it hangs. */
export function judgeAbsence(
  files: ProcessFiles,
  place: Pick<Place, "socketPath" | "crashPath">,
  project: string,
): Finding[] {
  const { pid, alive, hasSocket, crash } = files;
  // A number that was given to another process since is told from ours by the socket, which goes with it.
  if (alive && hasSocket) {
    const message = `the process ${pid} runs and does not answer on its socket`;
    return [
      {
        id: "embedded.hung",
        subject: "process",
        level: "error",
        message,
        fix: "{mybroker} --runtime embedded down",
      },
    ];
  }
  const repair = repairWith("up");
  const facts = { subject: "process", level: "warning", fix: repair.command, repair } as const;
  const crashed: Finding[] =
    crash === ""
      ? []
      : [
          {
            ...facts,
            id: "embedded.crashed",
            message: `the last process left a message: ${crash.split("\n").find((line) => /error/i.test(line)) ?? crash.split("\n")[0]}`,
            evidence: crash.split("\n").slice(0, 20),
          },
        ];
  const stale: Finding[] = hasSocket
    ? [
        {
          ...facts,
          id: "embedded.stale-files",
          message: `no process listens on ${place.socketPath}: it was left behind`,
        },
      ]
    : [];
  return [nothingRuns(project), ...crashed, ...stale];
}

export function judgeResident({ residentBytes, pid }: Pick<RuntimeStatus, "residentBytes" | "pid">): Finding {
  const message = `process ${pid} has ${formatMemory(residentBytes)} in memory`;
  if (residentBytes < muchMemoryBytes) return fine("embedded.memory", "process", message);
  return {
    id: "embedded.memory",
    subject: "process",
    level: "warning",
    message,
    fix: "{mybroker} down && {mybroker} up",
  };
}

export function judgeDataVersion(
  found: ProcessFiles["dataVersion"],
  { dataFolder }: Pick<Place, "dataFolder">,
): Finding[] {
  const id = "embedded.data-version";
  if (found === undefined) return [];
  if (found === embeddedDataVersion) return [fine(id, "data", `version ${found}`)];
  const [message, fix] =
    found === null
      ? [`${dataFolder} is damaged: it names no version of the data`, "{mybroker} down --volumes"]
      : [
          `the data have version ${found}, and this mybroker knows ${embeddedDataVersion}`,
          "git pull && npm ci",
        ];
  return [{ id, subject: "data", level: "error", message, fix }];
}

export function judgeLog(logBytes: number, { logPath }: Pick<Place, "logPath">): Finding[] {
  const id = "embedded.log-size";
  if (logBytes === 0) return [];
  const message = `the log has ${formatBytes(logBytes)}`;
  if (logBytes <= muchLogBytes) return [fine(id, "log", message)];
  return [{ id, subject: "log", level: "warning", message, fix: `truncate -s 0 ${quoteForShell(logPath)}` }];
}

function readJson(path: string): object {
  try {
    const value: unknown = JSON.parse(readText(path));
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
