import { setTimeout as pause } from "node:timers/promises";
import type {
  ManagementAnswer,
  ManagementQuestion,
  ServiceState,
  ServiceStatus,
  StartProblem,
} from "../../contracts/embedded-control.js";
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

/** From listening to ready, where everything that it needs is there. */
const readyLimitMs = 5_000;
const pollMs = 25;
const lookAgainMs = 1_000;

function isDomain({ component }: Entry): boolean {
  return component.setting.kind === "service";
}

/** All services of the process, with what is known of each. */
export class Services {
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #write: Write;
  #lookAgain: NodeJS.Timeout | undefined;

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
   * Starts, at once, those that are to be started; domain services when what they need is there.
   * @throws StartError with every service that cannot; then all are closed again
   */
  async startAll(): Promise<void> {
    const wanted = [...this.#entries.values()].filter(({ component }) => component.setting.start);
    for (const group of [wanted.filter((entry) => !isDomain(entry)), wanted.filter(isDomain)]) {
      await Promise.all(group.map((entry) => this.#enqueue(entry, () => this.#start(entry))));
      const problems = group.flatMap(({ state, problem }) => (state === "failed" && problem) || []);
      if (problems.length === 0) continue;
      await this.stopAll();
      throw new StartError(problems);
    }
  }

  /** Resolves also where it failed: the status says why. undefined for a name that is not known. */
  async act(name: string, action: ServiceAction): Promise<ServiceStatus | undefined> {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    const work = { start: this.#start, stop: this.#stop, check: this.#check }[action];
    await this.#enqueue(entry, () => work.call(this, entry));
    if (action !== "check" && !isDomain(entry)) void this.#checkDomain(() => true);
    return describe(entry);
  }

  /** undefined where there is no such service, or it has nothing of the kind, or is stopped. */
  manage(name: string, question: ManagementQuestion): ManagementAnswer | undefined {
    return this.#entries.get(name)?.running?.manage?.(question);
  }

  /** Domain services first, so that what they finish still finds its store. */
  async stopAll(): Promise<void> {
    clearTimeout(this.#lookAgain);
    const entries = [...this.#entries.values()];
    for (const group of [entries.filter(isDomain), entries.filter((entry) => !isDomain(entry))]) {
      await Promise.all(group.map((entry) => this.#enqueue(entry, () => this.#stop(entry))));
    }
  }

  /** Who needs what was stopped or started is asked anew, and whoever is unhealthy until it is well again. */
  async #checkDomain(concerns: (entry: Entry) => boolean): Promise<void> {
    clearTimeout(this.#lookAgain);
    const asked = [...this.#entries.values()].filter((entry) => isDomain(entry) && concerns(entry));
    await Promise.all(asked.map((entry) => this.#enqueue(entry, () => this.#check(entry))));
    const unhealthy = (entry: Entry) => entry.state === "unhealthy";
    if (![...this.#entries.values()].some(unhealthy)) return;
    clearTimeout(this.#lookAgain);
    this.#lookAgain = setTimeout(() => void this.#checkDomain(unhealthy), lookAgainMs).unref();
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
      if (isDomain(entry)) await this.#waitUntilReady(entry);
      else entry.state = "ready";
      entry.readyMs = Math.round(performance.now() - startedMs);
      const where = entry.running.address ?? entry.component.path;
      if (entry.state === "ready") this.#write(name, "info", `ready in ${entry.readyMs} ms at ${where}`);
    } catch (thrown) {
      entry.state = "failed";
      entry.problem = describeProblem(thrown, name);
      this.#write(name, "error", `not started: ${entry.problem.message}`);
    }
  }

  async #waitUntilReady(entry: Entry): Promise<void> {
    const untilMs = performance.now() + readyLimitMs;
    let failure: unknown;
    do {
      try {
        await entry.running?.check?.();
        entry.state = "ready";
        return;
      } catch (thrown) {
        failure = thrown;
        await pause(pollMs);
      }
    } while (performance.now() < untilMs);
    this.#noteUnwell(entry, failure);
    void this.#checkDomain(({ state }) => state === "unhealthy");
  }

  async #check(entry: Entry): Promise<void> {
    const { running } = entry;
    if (running === undefined) return;
    try {
      await running.check?.();
      if (entry.state === "unhealthy") this.#write(entry.component.setting.name, "info", "ready again");
      entry.state = "ready";
      entry.problem = undefined;
    } catch (thrown) {
      this.#noteUnwell(entry, thrown);
    }
  }

  #noteUnwell(entry: Entry, thrown: unknown): void {
    const { name } = entry.component.setting;
    const before = entry.problem?.message;
    entry.problem = describeProblem(thrown, name);
    if (isDomain(entry)) entry.state = "unhealthy";
    if (entry.problem.message === before) return;
    this.#write(
      name,
      "error",
      `${isDomain(entry) ? "not ready" : "failed its check"}: ${entry.problem.message}`,
    );
  }

  async #stop(entry: Entry): Promise<void> {
    const { running } = entry;
    if (running === undefined) return;
    const { name } = entry.component.setting;
    entry.running = undefined;
    entry.state = "stopped";
    entry.readyMs = null;
    entry.problem = undefined;
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
