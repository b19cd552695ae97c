import type { Project } from "../../compose/model.js";
import type { CommandRequest } from "../../kernel/command.js";
import type { DoctorFacts, InspectedContainer } from "../check.js";

/** Facts about a system on which nothing was found, but for what a test says. */
export function makeFacts(known: Partial<DoctorFacts> = {}): DoctorFacts {
  const context = { cwd: "/project", env: {}, now: () => Date.parse("2026-01-02T12:00:00Z"), signal: never };
  return {
    request: { context, globals: { envFile: [], profile: [] }, options: {} } as unknown as CommandRequest,
    project: makeProject(),
    secretKeys: new Set(),
    ground: { runtime: "docker", engine: {} as never, containers: [] },
    state: {} as never,
    placeOf: async () => undefined,
    envFile: async () => undefined,
    envExample: async () => undefined,
    containers: async () => [],
    observed: async () => undefined,
    targets: async () => new Map(),
    replaced: async () => new Map(),
    ...known,
  };
}

const never = new AbortController().signal;

export function makeProject(known: Partial<Project> = {}): Project {
  return {
    name: "app",
    workingDir: "/project",
    files: [],
    envFiles: [],
    envFilesGiven: false,
    environment: {},
    services: {},
    disabledServices: {},
    networks: {},
    volumes: {},
    configs: {},
    secrets: {},
    variables: {},
    extensions: {},
    ...known,
  };
}

type State = InspectedContainer["details"]["State"];

export function makeContainer(
  service: string,
  state: Partial<State> = {},
  restartCount = 0,
): InspectedContainer {
  const running = { Status: "running", Running: true, OOMKilled: false, ExitCode: 0, Error: "" } as const;
  return {
    service,
    summary: { id: `id-${service}`, name: `app-${service}-1`, labels: {} },
    details: {
      Id: `id-${service}`,
      RestartCount: restartCount,
      State: { ...running, StartedAt: "2026-01-02T11:59:00Z", FinishedAt: "", ...state },
    },
  } as unknown as InspectedContainer;
}
