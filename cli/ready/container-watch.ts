import { composeLabels, notOneOff, ofProject, ofService } from "../compose/label-names.js";
import type { ContainerDetails, Engine, EngineEvent } from "../engine/engine.js";
import type { Clock } from "./clock.js";
import type { WatchedContainer } from "./judge-container.js";

export interface WatchSettings {
  readonly engine: Pick<Engine, "listContainers" | "inspectContainer" | "events">;
  readonly projectName: string;
  readonly clock: Clock;
  /** Aborted: the watch ends. */
  readonly signal: AbortSignal;
  /** A container of the service changed; also called after a reconnection, for every watched service. */
  readonly onChange: (service: string) => void;
  /** The engine does not answer any more. */
  readonly onLost: (error: unknown) => void;
}

/** How long a broken event stream is tried again before the engine counts as gone. */
const reconnectForMs = 15_000;
const reconnectPauseMs = 250;
/** What changes a container's state; execs of healthchecks, several a second, do not. */
const stateActions = /^(create|start|restart|die|oom|stop|kill|pause|unpause|destroy|rename|health_status)/;

interface Entry {
  readonly service: string;
  details: ContainerDetails | undefined;
  /** Die events. */
  deathsSeen: number;
  /** The engine's restart count that belongs to the time before this watch. */
  earlierRestarts: number;
  lastExitCode: number | undefined;
  sawOom: boolean;
  outOfMemory: boolean;
  runningSinceMs: number | undefined;
  /** The newest inspection wins when answers overtake each other. */
  inspection: number;
}

/**
 * What the engine knows of a project's containers, kept up to date by its events: subscribed first, inspected
 * after, and both again when the stream breaks.
 */
export class ContainerWatch {
  readonly #settings: WatchSettings;
  readonly #entries = new Map<string, Entry>();
  readonly #services = new Set<string>();

  constructor(settings: WatchSettings) {
    this.#settings = settings;
  }

  /** Resolves once events arrive; from then on nothing is missed. */
  async open(): Promise<void> {
    const events = await this.#subscribe();
    void this.#follow(events);
  }

  /** Looks at the service's containers now and watches them from here on. */
  async watch(service: string): Promise<void> {
    this.#services.add(service);
    await this.#list(service);
  }

  containersOf(service: string): readonly WatchedContainer[] {
    const found: WatchedContainer[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.service !== service || entry.details === undefined) continue;
      found.push({
        details: entry.details,
        // An end can be in the events, in the first look, or in both: the larger count has them all once.
        deaths: Math.max(entry.deathsSeen, entry.details.RestartCount - entry.earlierRestarts),
        outOfMemory: entry.outOfMemory,
        ...(entry.lastExitCode === undefined ? {} : { lastExitCode: entry.lastExitCode }),
        ...(entry.runningSinceMs === undefined ? {} : { runningSinceMs: entry.runningSinceMs }),
      });
    }
    return found;
  }

  #subscribe(): Promise<AsyncIterable<EngineEvent>> {
    const { engine, projectName, signal } = this.#settings;
    return engine.events({ types: ["container"], labels: [ofProject(projectName)] }, signal);
  }

  async #follow(first: AsyncIterable<EngineEvent>): Promise<void> {
    const { signal, onLost } = this.#settings;
    let events: AsyncIterable<EngineEvent> | undefined = first;
    while (events !== undefined && !signal.aborted) {
      try {
        for await (const event of events) this.#take(event);
      } catch {
        // An engine that restarts breaks the stream off; what was missed is inspected below.
      }
      if (signal.aborted) return;
      try {
        events = await this.#reconnect();
      } catch (error) {
        if (!signal.aborted) onLost(error);
        return;
      }
    }
  }

  async #reconnect(): Promise<AsyncIterable<EngineEvent>> {
    const { clock, signal } = this.#settings;
    const lostAtMs = clock.nowMs();
    for (;;) {
      try {
        const events = await this.#subscribe();
        await Promise.all([...this.#services].map((service) => this.#list(service)));
        return events;
      } catch (error) {
        if (signal.aborted || clock.nowMs() - lostAtMs > reconnectForMs) throw error;
        await clock.sleep(reconnectPauseMs, signal);
      }
    }
  }

  #take(event: EngineEvent): void {
    const service = event.attributes[composeLabels.service];
    if (service === undefined || !this.#services.has(service) || !stateActions.test(event.action)) return;
    if (event.attributes[composeLabels.oneOff] === "True") return;
    if (event.action === "destroy") {
      this.#entries.delete(event.id);
      this.#settings.onChange(service);
      return;
    }
    const entry = this.#entryOf(event.id, service);
    if (event.action === "oom") entry.sawOom = true;
    if (event.action === "start") entry.sawOom = false;
    // An inspection can come so late that it sees the next life already.
    if (event.action === "start" || event.action === "die") entry.runningSinceMs = undefined;
    if (event.action === "die") {
      entry.deathsSeen += 1;
      entry.lastExitCode = Number(event.attributes.exitCode ?? 0);
      entry.outOfMemory ||= entry.sawOom;
    }
    void this.#inspect(event.id, entry);
  }

  #entryOf(id: string, service: string): Entry {
    const known = this.#entries.get(id);
    if (known !== undefined) return known;
    const entry: Entry = {
      service,
      details: undefined,
      deathsSeen: 0,
      earlierRestarts: 0,
      lastExitCode: undefined,
      sawOom: false,
      outOfMemory: false,
      runningSinceMs: undefined,
      inspection: 0,
    };
    this.#entries.set(id, entry);
    return entry;
  }

  async #list(service: string): Promise<void> {
    const { engine, projectName } = this.#settings;
    const found = await engine.listContainers({
      labels: [ofProject(projectName), ofService(service), notOneOff],
    });
    const ids = new Set(found.map(({ id }) => id));
    for (const [id, entry] of this.#entries) {
      if (entry.service === service && !ids.has(id)) this.#entries.delete(id);
    }
    await Promise.all(found.map(({ id }) => this.#inspect(id, this.#entryOf(id, service))));
  }

  async #inspect(id: string, entry: Entry): Promise<void> {
    const { engine, clock, onChange } = this.#settings;
    entry.inspection += 1;
    const mine = entry.inspection;
    let details: ContainerDetails | undefined;
    try {
      details = await engine.inspectContainer(id);
    } catch {
      // The event stream breaks with the engine, and reconnecting inspects again.
      return;
    }
    if (mine !== entry.inspection) return;
    if (details === undefined) {
      this.#entries.delete(id);
    } else {
      const firstLook = entry.details === undefined;
      entry.details = details;
      const { State } = details;
      // Restarting at the first look: a loop that goes on. The engine sets its count to 0 at each start by hand.
      if (firstLook && State.Status !== "restarting") entry.earlierRestarts = details.RestartCount;
      // While it waits to be restarted the engine calls it running as well.
      if (State.Running && State.Status !== "restarting") entry.runningSinceMs ??= clock.nowMs();
      else entry.runningSinceMs = undefined;
      entry.outOfMemory ||= State.OOMKilled && (!State.Running || State.Status === "restarting");
    }
    onChange(entry.service);
  }
}
