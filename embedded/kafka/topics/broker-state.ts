import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { readJsonFile, writeJsonFile } from "../../storage/json-file.js";

const fileVersion = 1;
/** Reserved on disk at once, so that few requests wait for it; what a restart leaves unused is lost. */
const blockSize = 1000;

export interface ProducerIds {
  /** An id that no producer has had before, restarts included. */
  next(): Promise<number>;
}

interface BrokerState {
  readonly clusterId: string;
  /** Above all producer ids that may have been given. */
  readonly producerIdLimit: number;
}

/**
 * Reads or creates broker.json: who the broker is.
 * @throws Error with code "DATA_DAMAGED" or "DATA_NEWER"
 */
export async function openBrokerState(
  dataFolder: string,
): Promise<{ clusterId: string; producerIds: ProducerIds }> {
  const path = join(dataFolder, "broker.json");
  const saved = await readJsonFile(path, fileVersion);
  const state: BrokerState =
    saved === undefined
      ? { clusterId: randomBytes(16).toString("base64url"), producerIdLimit: 0 }
      : (saved as BrokerState);
  if (typeof state.clusterId !== "string" || !Number.isSafeInteger(state.producerIdLimit)) {
    throw Object.assign(new Error(`${path} is damaged: no cluster id or producer id`), {
      code: "DATA_DAMAGED",
    });
  }
  const { clusterId } = state;
  let { producerIdLimit } = state;
  let nextId = producerIdLimit;
  let reserving: Promise<void> | undefined;

  async function reserve(): Promise<void> {
    try {
      const limit = producerIdLimit + blockSize;
      await writeJsonFile(path, { version: fileVersion, clusterId, producerIdLimit: limit });
      producerIdLimit = limit;
    } finally {
      reserving = undefined;
    }
  }

  async function next(): Promise<number> {
    while (nextId >= producerIdLimit) {
      reserving ??= reserve();
      await reserving;
    }
    nextId += 1;
    return nextId - 1;
  }

  if (saved === undefined) await reserve();
  return { clusterId, producerIds: { next } };
}
