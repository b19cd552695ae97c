import type { Project, Service } from "../../compose/model.js";
import type { ContainerDetails, ContainerSummary, EngineEvent } from "../../engine/engine.js";
import type { ReadinessSettings } from "../wait-until-ready.js";

type State = ContainerDetails["State"];
export interface StateChange extends Partial<Omit<State, "Health">> {
  readonly health?: "starting" | "healthy" | "unhealthy";
  readonly restartCount?: number;
}

/**
 * An engine that plays a script: containers change when the test says so, events arrive as the real engine sends
 * them, the event stream can break and the whole engine can go away.
 */
export class ScriptedEngine {
  readonly endpoint = { url: "unix:///scripted", source: "test", hostAddress: "127.0.0.1" };
  readonly #containers = new Map<string, ContainerDetails>();
  readonly #streams = new Set<{ push: (event: EngineEvent) => void; end: () => void }>();
  calls: string[] = [];
  isGone = false;
  subscriptions = 0;

  asEngine(): ReadinessSettings["engine"] {
    return this as unknown as ReadinessSettings["engine"];
  }

  async listContainers({ labels = [] }: { labels?: readonly string[] }): Promise<ContainerSummary[]> {
    this.#answer("list");
    const wanted = labels.find((label) => label.startsWith("com.docker.compose.service="))?.split("=")[1];
    return [...this.#containers.values()]
      .filter(({ Config }) => Config.Labels?.["com.docker.compose.service"] === wanted)
      .map(({ Id }) => ({ id: Id }) as ContainerSummary);
  }

  async inspectContainer(id: string): Promise<ContainerDetails | undefined> {
    this.#answer("inspect");
    return this.#containers.get(id);
  }

  async events(_filter: unknown, signal: AbortSignal): Promise<AsyncIterable<EngineEvent>> {
    this.#answer("events");
    this.subscriptions += 1;
    const queue: EngineEvent[] = [];
    let wake: () => void = () => {};
    let ended = false;
    const stream = {
      push: (event: EngineEvent) => {
        queue.push(event);
        wake();
      },
      end: () => {
        ended = true;
        wake();
      },
    };
    this.#streams.add(stream);
    signal.addEventListener("abort", stream.end, { once: true });
    return (async function* () {
      for (;;) {
        const event = queue.shift();
        if (event !== undefined) yield event;
        else if (ended) return;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    })();
  }

  breakStream(): void {
    for (const stream of this.#streams) stream.end();
    this.#streams.clear();
  }

  /** Adds a container, or changes it, without an event. */
  put(service: string, change: StateChange & { ports?: Record<number, number> } = {}): ContainerDetails {
    const { ports, health, restartCount, ...state } = change;
    const known = this.#containers.get(service);
    const details = {
      Id: service,
      Name: `/test-${service}-1`,
      RestartCount: restartCount ?? known?.RestartCount ?? 0,
      State: {
        ...(known?.State ?? initialState),
        ...state,
        ...(health === undefined ? {} : { Health: { Status: health, FailingStreak: 0, Log: [] } }),
      },
      Config: { Labels: { "com.docker.compose.service": service }, Tty: false, Env: [], Image: "test" },
      NetworkSettings: {
        Networks: {},
        Ports: ports === undefined ? (known?.NetworkSettings.Ports ?? {}) : publish(ports),
      },
    } as unknown as ContainerDetails;
    this.#containers.set(service, details);
    return details;
  }

  /** Changes a container and sends the event. */
  change(service: string, action: string, change: StateChange = {}): void {
    this.put(service, change);
    const exitCode = String(change.ExitCode ?? 0);
    const attributes = { "com.docker.compose.service": service, ...(action === "die" ? { exitCode } : {}) };
    for (const stream of this.#streams) {
      stream.push({ type: "container", action, id: service, attributes, timeMs: Date.now() });
    }
  }

  #answer(call: string): void {
    this.calls.push(call);
    if (this.isGone) throw new Error("connect ENOENT /var/run/docker.sock");
  }
}

const initialState: State = {
  Status: "running",
  Running: true,
  OOMKilled: false,
  ExitCode: 0,
  Error: "",
  StartedAt: "2026-01-01T00:00:00Z",
  FinishedAt: "0001-01-01T00:00:00Z",
};

function publish(ports: Record<number, number>): ContainerDetails["NetworkSettings"]["Ports"] {
  return Object.fromEntries(
    Object.entries(ports).map(([inside, outside]) => [
      `${inside}/tcp`,
      [{ HostIp: "127.0.0.1", HostPort: String(outside) }],
    ]),
  );
}

export function ended(exitCode: number, more: StateChange = {}): StateChange {
  return {
    Status: "exited",
    Running: false,
    ExitCode: exitCode,
    StartedAt: "2026-01-01T00:00:00Z",
    FinishedAt: "2026-01-01T00:00:00.4Z",
    ...more,
  };
}

export function projectOf(services: Record<string, Partial<Service>>, more: Partial<Project> = {}): Project {
  return {
    name: "test",
    workingDir: "/project",
    files: [],
    envFiles: [],
    envFilesGiven: false,
    environment: {},
    services: services as Record<string, Service>,
    disabledServices: {},
    networks: {},
    volumes: {},
    configs: {},
    secrets: {},
    variables: {},
    extensions: {},
    ...more,
  };
}
