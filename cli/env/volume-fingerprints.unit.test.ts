import { expect, it } from "vitest";
import type { Project, Service } from "../compose/model.js";
import type { VolumeDetails } from "../engine/engine.js";
import type { ProjectState } from "./state-folder.js";
import { emptyProject } from "./testing/sample-project.js";
import {
  compareVolumeSecrets,
  forgetVolumeSecrets,
  hasRecordedVolumes,
  recordVolumeSecrets,
} from "./volume-fingerprints.js";

const secretKeys = new Set(["DB_PASSWORD"]);
const first = "first-not-a-secret";
const second = "second-not-a-secret";

/** A database whose volume keeps the password that DB_PASSWORD has. */
function projectWith(password: string): Project {
  const db: Service = {
    command: null,
    entrypoint: null,
    environment: { MYSQL_PASSWORD: password },
    volumes: [{ type: "volume", source: "data", target: "/data" }],
  };
  const project = emptyProject("/demo", { DB_PASSWORD: password });
  return { ...project, services: { db }, volumes: { data: { name: "demo_data" } } };
}

function memoryState(): { state: ProjectState; written: () => string } {
  const records = new Map<string, unknown>();
  const state = {
    readRecord: async (name: string) => records.get(name),
    writeRecord: async (name: string, value: unknown) => void records.set(name, value),
  } as unknown as ProjectState;
  return { state, written: () => JSON.stringify([...records]) };
}

function engineWith(createdAt: string) {
  return { inspectVolume: async (name: string) => ({ name, createdAt }) as VolumeDetails };
}

it("tells that a volume was made with another password, by volume, service and key", async () => {
  const { state, written } = memoryState();
  const engine = engineWith("2026-01-01");
  await recordVolumeSecrets({ engine, state, project: projectWith(first), secretKeys });
  expect(written()).not.toContain(first);
  expect(await compareVolumeSecrets({ engine, state, project: projectWith(first), secretKeys })).toEqual([]);
  expect(await compareVolumeSecrets({ engine, state, project: projectWith(second), secretKeys })).toEqual([
    { volume: "demo_data", service: "db", keys: ["DB_PASSWORD"] },
  ]);
});

it("judges neither a volume that was made anew under the name, nor one that is forgotten", async () => {
  const { state } = memoryState();
  const request = { state, project: projectWith(second), secretKeys };
  await recordVolumeSecrets({ ...request, engine: engineWith("2026-01-01"), project: projectWith(first) });
  expect(await compareVolumeSecrets({ ...request, engine: engineWith("2026-02-02") })).toEqual([]);
  expect(await hasRecordedVolumes(state, "sample")).toBe(true);
  await forgetVolumeSecrets(state, { name: "sample" });
  expect(await compareVolumeSecrets({ ...request, engine: engineWith("2026-01-01") })).toEqual([]);
  expect(await hasRecordedVolumes(state, "sample")).toBe(false);
});
