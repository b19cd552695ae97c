import { isAwaitedJob } from "../compose/graph.js";
import type { Project, ServerKind, Service } from "../compose/model.js";
import type { ContainerDetails } from "../engine/engine.js";
import type { Clock } from "./clock.js";
import type { ContainerWatch } from "./container-watch.js";
import { judgeContainer, type Verdict, type WatchedContainer } from "./judge-container.js";
import type { FailureKind, ReadyCondition, ReadyFacts, ReadyOutcome, ReadyProgress } from "./outcome.js";
import type { ProbeTarget } from "./probe.js";
import { ServerAsker } from "./server-asker.js";
import type { ServerProbe } from "./servers/server-probe.js";
import { resolveTarget } from "./target.js";

export interface ServiceWaitSettings {
  readonly service: string;
  readonly condition: ReadyCondition;
  readonly project: Project;
  readonly hostAddress: string;
  readonly trustHealthy: boolean;
  readonly probes: Readonly<Record<ServerKind, ServerProbe>>;
  readonly watch: ContainerWatch;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  /** The time limit as it was set, for the words of a failure. */
  readonly timeoutMs: number;
  /** Services whose servers are being asked right now, by all waits: they share the knocks of a second. */
  readonly probing: Set<string>;
  readonly onProgress?: (progress: ReadyProgress) => void;
}

const progressEveryMs = 1000;

/** One service until it is ready or cannot become so. */
export class ServiceWait {
  readonly service: string;
  readonly #settings: ServiceWaitSettings;
  readonly #definition: Service | undefined;
  readonly #startedMs: number;
  readonly #asker: ServerAsker;
  #resolve: (outcome: ReadyOutcome) => void = () => {};
  #settled = false;
  #end = new AbortController();
  #nap = new AbortController();
  #firstLook = true;
  #text = "waits for its container";

  constructor(settings: ServiceWaitSettings) {
    this.#settings = settings;
    this.service = settings.service;
    this.#definition = settings.project.services[settings.service];
    this.#startedMs = settings.clock.nowMs();
    this.#asker = new ServerAsker(settings.probes);
  }

  run(): Promise<ReadyOutcome> {
    const { signal, clock, deadlineMs } = this.#settings;
    const outcome = new Promise<ReadyOutcome>((resolve) => {
      this.#resolve = resolve;
    });
    const interrupt = (): void =>
      this.#fail("interrupted", "was still starting when the wait was interrupted");
    if (signal.aborted) interrupt();
    signal.addEventListener("abort", interrupt, { once: true });
    this.#end.signal.addEventListener("abort", () => signal.removeEventListener("abort", interrupt));
    void clock.sleep(deadlineMs - clock.nowMs(), this.#end.signal).then(() => this.#timeOut());
    if (this.#settings.onProgress !== undefined) void this.#tellEverySecond();
    void this.#work();
    return outcome;
  }

  /** Something changed in the engine: look again now. */
  wake(): void {
    if (!this.#firstLook) this.#judge();
    this.#nap.abort();
  }

  loseEngine(error: unknown): void {
    const reason = error instanceof Error ? `: ${error.message}` : "";
    this.#fail("engine-lost", `was still starting when the engine went away${reason}`);
  }

  /** Looks, then asks the server again and again, until something settles the matter. */
  async #work(): Promise<void> {
    const { watch, probing } = this.#settings;
    try {
      await watch.watch(this.service);
      this.#judge();
      this.#firstLook = false;
      while (!this.#settled) {
        this.#nap = new AbortController();
        const target = this.#target();
        if (target === undefined) {
          probing.delete(this.service);
          await this.#settings.clock.sleep(progressEveryMs, this.#nap.signal);
        } else {
          probing.add(this.service);
          await this.#ask(target);
        }
      }
    } catch (error) {
      this.loseEngine(error);
    } finally {
      probing.delete(this.service);
    }
  }

  /** The server's address, while a container of it runs and the condition is one that a server's answer meets. */
  #target(): ProbeTarget | undefined {
    const { condition, project, hostAddress } = this.#settings;
    if (condition !== "service_healthy" && condition !== "ready") return undefined;
    for (const { details } of this.#containers()) {
      if (!details.State.Running || details.State.Status === "restarting") continue;
      const target = resolveTarget({ project, service: this.service, container: details, hostAddress });
      if (target !== undefined) return target;
    }
    return undefined;
  }

  async #ask(target: ProbeTarget): Promise<void> {
    const asked = await this.#asker.ask({
      target,
      isHealthy: () => this.#isHealthy(),
      waiting: this.#settings.probing.size,
    });
    // A port can be answered by another process after the container ended.
    if (this.#settled || this.#target()?.port !== target.port) return;
    if (asked.result === "ready") {
      this.#succeed(asked.by, asked.detail, target);
    } else if (asked.result === "denied") {
      this.#fail("denied", asked.what);
    } else {
      this.#say(asked.text);
      const pause = asked.uninterrupted ? this.#end : this.#nap;
      await this.#settings.clock.sleep(asked.pauseMs, pause.signal);
    }
  }

  #judge(): void {
    if (this.#settled) return;
    const { condition, project, clock, trustHealthy } = this.#settings;
    const service = this.#definition;
    const containers = this.#containers();
    if (service === undefined || containers.length === 0) return;
    if (
      this.#firstLook &&
      trustHealthy &&
      condition !== "service_completed_successfully" &&
      this.#isHealthy()
    ) {
      this.#succeed("health", "healthy", this.#target());
      return;
    }
    const verdicts = containers.map((container) =>
      judgeContainer({
        container,
        service,
        condition,
        probed: this.#target() !== undefined,
        awaitedToComplete: isAwaitedJob(project.services, this.service),
        nowMs: clock.nowMs(),
        dateMs: clock.dateMs(),
      }),
    );
    this.#conclude(verdicts);
  }

  #conclude(verdicts: readonly Verdict[]): void {
    const failed = verdicts.find((verdict) => verdict.verdict === "failed");
    if (failed?.verdict === "failed") {
      this.#fail(failed.kind, failed.what);
      return;
    }
    const waiting = verdicts.find((verdict) => verdict.verdict === "wait");
    const first = verdicts[0];
    if (waiting?.verdict === "wait") {
      // What the server itself said last is better news than that its container runs.
      if (this.#asker.lastAnswer === undefined || waiting.text !== "initialising") this.#say(waiting.text);
      if (waiting.recheckInMs !== undefined) void this.#recheckIn(waiting.recheckInMs);
    } else if (first?.verdict === "ready") {
      this.#succeed(first.by, first.detail, this.#target());
    }
  }

  async #recheckIn(ms: number): Promise<void> {
    await this.#settings.clock.sleep(ms, this.#end.signal);
    this.#judge();
  }

  #containers(): readonly WatchedContainer[] {
    return this.#settings.watch.containersOf(this.service);
  }

  #isHealthy(): boolean {
    const containers = this.#containers();
    const healthy = containers.filter(({ details }) => details.State.Health?.Status === "healthy");
    return containers.length > 0 && healthy.length === containers.length;
  }

  #say(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    this.#tell();
  }

  #tell(): void {
    const elapsedMs = this.#elapsedMs();
    const text =
      elapsedMs < progressEveryMs ? this.#text : `${this.#text}, ${Math.floor(elapsedMs / 1000)} s`;
    this.#settings.onProgress?.({ service: this.service, text, elapsedMs });
  }

  async #tellEverySecond(): Promise<void> {
    while (!this.#settled) {
      this.#tell();
      await this.#settings.clock.sleep(progressEveryMs, this.#end.signal);
    }
  }

  #elapsedMs(): number {
    return this.#settings.clock.nowMs() - this.#startedMs;
  }

  #timeOut(): void {
    const seconds = this.#settings.timeoutMs / 1000;
    this.#fail("deadline", `was not ready within ${seconds} s (${this.#text})`);
  }

  #succeed(by: ReadyFacts["by"], detail: string, target?: ProbeTarget): void {
    this.#settle({
      state: "ready",
      service: this.service,
      by,
      detail,
      elapsedMs: this.#elapsedMs(),
      ...(target === undefined ? {} : { address: `${target.host}:${target.port}` }),
    });
  }

  #fail(kind: FailureKind, what: string): void {
    const container = this.#containers().find(({ details }) => hasEnded(details)) ?? this.#containers()[0];
    const exitCode = container?.lastExitCode ?? exitCodeOf(container?.details);
    const { lastAnswer } = this.#asker;
    this.#settle({
      state: "failed",
      service: this.service,
      kind,
      what,
      elapsedMs: this.#elapsedMs(),
      ...(lastAnswer === undefined ? {} : { lastAnswer }),
      ...(container === undefined ? {} : { container: container.details }),
      ...(exitCode === undefined ? {} : { exitCode }),
    });
  }

  #settle(outcome: ReadyOutcome): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#resolve(outcome);
    this.#end.abort();
    this.#nap.abort();
  }
}

/** While it waits to be restarted the engine calls a container running, with the code of its last end. */
function hasEnded({ State }: ContainerDetails): boolean {
  return State.Status === "restarting" || (!State.Running && State.Status !== "created");
}

function exitCodeOf(details: ContainerDetails | undefined): number | undefined {
  return details !== undefined && hasEnded(details) ? details.State.ExitCode : undefined;
}
