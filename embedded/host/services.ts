import type { ServiceState, ServiceStatus, StartProblem } from "../../contracts/embedded-control.js";
import type { Component, Running } from "./component.js";
import type { Write } from "./log-file.js";
import { describeProblem, StartError } from "./start-error.js";

export type ServiceAction = "start" | "stop" | "check";

interface Entry {
  readonly component: Component;
  state: ServiceState;
  running: Running | undefined;
  readyMs: number | null;
  startedAt: string | null;
  problem: StartProblem | undefined;
  /** Starts and stops of one service follow each other. */
  work: Promise<unknown>;
}

/** All services of the process, with what is known of each. */
export class Services {
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #write: Write;

  constructor(components: readonly Component[], write: Write) {
    this.#write = write;
    this.#entries = new Map(
      components.map((component) => [
        component.setting.name,
        {
          component,
          state: "stopped",
          running: undefined,
          readyMs: null,
          startedAt: null,
          problem: undefined,
          work: Promise.resolve(),
        },
      ]),
    );
  }

  get statuses(): ServiceStatus[] {
    return [...this.#entries.values()].map(describe);
  }

  /**
   * Starts, at once, those that are to be started.
   * @throws StartError with every service that cannot; then all are closed again
   */
  async startAll(): Promise<void> {
    const wanted = [...this.#entries.values()].filter(({ component }) => component.setting.start);
    await Promise.all(wanted.map((entry) => this.#enqueue(entry, () => this.#start(entry))));
    const problems = wanted.flatMap(({ problem }) => problem ?? []);
    if (problems.length === 0) return;
    await this.stopAll();
    throw new StartError(problems);
  }

  /** Resolves also where it failed: the status says why. undefined for a name that is not known. */
  async act(name: string, action: ServiceAction): Promise<ServiceStatus | undefined> {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    const work = { start: this.#start, stop: this.#stop, check: this.#check }[action];
    await this.#enqueue(entry, () => work.call(this, entry));
    return describe(entry);
  }

  async stopAll(): Promise<void> {
    const entries = [...this.#entries.values()];
    await Promise.all(entries.map((entry) => this.#enqueue(entry, () => this.#stop(entry))));
  }

  #enqueue(entry: Entry, work: () => Promise<void>): Promise<void> {
    const next = entry.work.then(work);
    entry.work = next;
    return next;
  }

  async #start(entry: Entry): Promise<void> {
    if (entry.running !== undefined) return;
    const { name } = entry.component.setting;
    const startedMs = performance.now();
    Object.assign(entry, { state: "starting", startedAt: new Date().toISOString(), problem: undefined });
    try {
      entry.running = await entry.component.start();
      entry.state = "ready";
      entry.readyMs = Math.round(performance.now() - startedMs);
      const where = entry.running.address ?? entry.component.path;
      this.#write(name, "info", `ready in ${entry.readyMs} ms at ${where}`);
    } catch (thrown) {
      entry.state = "failed";
      entry.problem = describeProblem(thrown, name);
      this.#write(name, "error", `not started: ${entry.problem.message}`);
    }
  }

  async #check(entry: Entry): Promise<void> {
    const { name } = entry.component.setting;
    try {
      await entry.running?.check?.();
      entry.problem = undefined;
    } catch (thrown) {
      entry.problem = describeProblem(thrown, name);
      this.#write(name, "error", `failed its check: ${entry.problem.message}`);
    }
  }

  async #stop(entry: Entry): Promise<void> {
    const { running } = entry;
    if (running === undefined) return;
    const { name } = entry.component.setting;
    entry.running = undefined;
    entry.state = "stopped";
    entry.readyMs = null;
    try {
      await running.close();
      this.#write(name, "info", "stopped");
    } catch (thrown) {
      this.#write(name, "error", `did not close as it should: ${describeProblem(thrown, name).message}`);
    }
  }
}

function describe({ component, state, running, readyMs, problem, startedAt }: Entry): ServiceStatus {
  const { name, kind, basis } = component.setting;
  return {
    name,
    kind,
    state,
    address: running?.address ?? null,
    path: component.path,
    readyMs,
    problem: problem?.message ?? null,
    startedAt,
    basis,
  };
}
