import { expect, it } from "vitest";
import type { EngineFacts } from "../../engine/engine.js";
import { EngineError } from "../../engine/engine-error.js";
import type { ProjectState } from "../../env/state-folder.js";
import type { CommandRequest } from "../../kernel/command.js";
import { projectOf, ScriptedEngine } from "../../ready/testing/scripted-engine.js";
import type { Plan, StartContainerStep } from "../../reconcile/plan.js";
import type { Stack } from "../../stack/open-stack.js";
import { readUpSetting } from "./options.js";
import { startServices } from "./start.js";

function startOf(service: string): StartContainerStep {
  const facts = { name: service, service, containerId: service, cause: "", changes: [], files: [] };
  return {
    id: `start-container ${service}`,
    action: "start-container",
    ...facts,
    waitFor: [],
    dependsOn: [],
  };
}

it("tells what the engine refused at once, while another service still starts", async () => {
  const scripted = new ScriptedEngine();
  scripted.put("slow", { health: "starting" });
  const error = new EngineError({ kind: "other", message: "no such device" });
  const engine = Object.assign(scripted.asEngine(), {
    facts: {} as EngineFacts,
    startContainer: async (id: string) => {
      if (id === "refused") throw error;
    },
    inspectVolume: async () => undefined,
  });
  const project = projectOf({ slow: {}, refused: {} });
  const services = ["slow", "refused"];
  const plan: Plan = { project: "test", steps: services.map(startOf), services, warnings: [] };
  const request = {
    context: { signal: new AbortController().signal, now: Date.now },
    output: { progress: () => {}, progressDone: () => {}, warn: () => {} },
  } as unknown as CommandRequest;
  const outcome = await startServices({
    stack: { engine, project, secretKeys: new Set() } as unknown as Stack,
    plan,
    setting: readUpSetting({ waitTimeout: 60 }, [], new Set()),
    request,
    state: { readRecord: async () => undefined, writeRecord: async () => {} } as unknown as ProjectState,
  });
  expect(outcome).toMatchObject({ ready: [], refusal: { error, step: { service: "refused" } } });
  expect(outcome.failure).toBeUndefined();
});
