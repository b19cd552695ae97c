import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { writeFileAtomically } from "../env/atomic-write.js";
import { makeFolder } from "../env/make-folder.js";
import { isStillAlive, markProcess, type ProcessMark } from "../kernel/process-alive.js";
import { lockProject } from "../preflight/lock.js";
import { managementOf, type RabbitBroker } from "./rabbit-broker.js";

export interface FirehoseOptions {
  readonly broker: RabbitBroker;
  /** The project's folder for state (ProjectState.folder). */
  readonly stateFolder: string;
}

/** Who has tracing switched on, and whether it was on before the first of them. */
interface TracingRecord {
  readonly wasOn: boolean;
  readonly holders: readonly ProcessMark[];
}

const lockAttempts = 100;
const lockPauseMs = 50;

/** Switches tracing on. What is to be put back is written down before. @throws as managementOf and ManagementError */
export function holdTracing(options: FirehoseOptions): Promise<void> {
  return whileLocked(options, async (path) => {
    const management = managementOf(options.broker);
    const record = await readRecord(path);
    const isOn = await management.isTracing();
    const holders = [...livingOthers(record), markProcess(process.pid)];
    await writeRecord(path, { wasOn: record?.wasOn ?? isOn, holders });
    if (!isOn) await management.setTracing(true);
  });
}

/** The last one to go puts it back. While the broker is away the record stays, for the next start of `tail`. */
export function releaseTracing(options: FirehoseOptions): Promise<void> {
  return whileLocked(options, async (path) => {
    const record = await readRecord(path);
    if (record === undefined) return;
    const others = livingOthers(record);
    if (others.length > 0) return writeRecord(path, { ...record, holders: others });
    await putBack(options.broker, record);
    await rm(path, { force: true });
  });
}

/**
 * For the start of every `tail`: puts tracing back that a killed one left on. Resolves with whether there was something
 * to do; costs a look for a file otherwise. A broker that is away is left for the next time.
 */
export async function restoreFirehose(options: FirehoseOptions): Promise<boolean> {
  if ((await readRecord(pathOf(options))) === undefined) return false;
  try {
    return await whileLocked(options, async (path) => {
      const record = await readRecord(path);
      if (record === undefined || record.holders.some(isStillAlive)) return false;
      const wasLeft = await putBack(options.broker, record);
      await rm(path, { force: true });
      return wasLeft;
    });
  } catch {
    return false;
  }
}

async function putBack(broker: RabbitBroker, { wasOn }: TracingRecord): Promise<boolean> {
  const management = managementOf(broker);
  const isLeft = !wasOn && (await management.isTracing());
  if (isLeft) await management.setTracing(false);
  return isLeft;
}

function livingOthers(record: TracingRecord | undefined): ProcessMark[] {
  return (record?.holders ?? []).filter((mark) => mark.pid !== process.pid && isStillAlive(mark));
}

function folderOf({ broker, stateFolder }: FirehoseOptions): string {
  return join(stateFolder, "firehose", encodeURIComponent(broker.name));
}

function pathOf(options: FirehoseOptions): string {
  return join(folderOf(options), "tracing.json");
}

async function whileLocked<T>(options: FirehoseOptions, work: (path: string) => Promise<T>): Promise<T> {
  const unlock = await takeLock(folderOf(options), options.broker.name);
  try {
    return await work(pathOf(options));
  } finally {
    unlock();
  }
}

async function takeLock(folder: string, name: string): Promise<() => void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return lockProject(folder, name, "tail --firehose");
    } catch (error) {
      if (attempt === lockAttempts) throw error;
      await pause(lockPauseMs);
    }
  }
}

async function readRecord(path: string): Promise<TracingRecord | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as TracingRecord;
  } catch {
    return undefined;
  }
}

async function writeRecord(path: string, record: TracingRecord): Promise<void> {
  makeFolder(join(path, ".."), 0o700);
  await writeFileAtomically({ path, text: `${JSON.stringify(record)}\n`, existing: "replace" });
}
