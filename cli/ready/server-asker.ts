import type { ServerKind } from "../compose/model.js";
import type { ProbeAnswer, ProbeTarget } from "./probe.js";
import type { ServerProbe } from "./servers/server-probe.js";

type NotReadyAnswer = Extract<ProbeAnswer, { ready: false }>;

export type AskResult =
  | { readonly result: "ready"; readonly by: "probe" | "health"; readonly detail: string }
  | { readonly result: "denied"; readonly what: string }
  /** uninterrupted: the pause is owed to the server, an event does not cut it short. */
  | {
      readonly result: "again";
      readonly text: string;
      readonly pauseMs: number;
      readonly uninterrupted: boolean;
    };

export interface Asking {
  readonly target: ProbeTarget;
  /** The engine's healthcheck calls it healthy. */
  readonly isHealthy: () => boolean;
  /** How many servers are being asked at present, this one included. */
  readonly waiting: number;
}

const knockTimeoutMs = 500;
const loginTimeoutMs = 3000;
/** A password of another volume is refused every time; a server that is still being set up only once. */
const denialsToBelieve = 2;
const pauseAfterDenialMs = 500;
/**
 * A server that its healthcheck calls healthy and that does not answer from here: after so many tries its port is
 * not reachable from this machine (Docker in Docker, a remote engine).
 */
const unansweredToBelieveHealth = 4;

/**
 * Between two knocks at one server, in ms: at most about 50 a second for all servers together once the quick ones
 * are there. One costs 0.3 ms of CPU here and as much in Docker's proxy and the kernel, which the servers lack when
 * two cores are all there is: 40 a second more take 0.6 s of CPU from a start of 17 s. The last ones to come, which
 * decide when the wait returns, are asked most often.
 */
export function knockPauseMs(waiting: number): number {
  return Math.min(200, Math.max(60, waiting * 20));
}

/** Asks one server, knock first and login after, and remembers what its answers add up to. */
export class ServerAsker {
  readonly #probes: Readonly<Record<ServerKind, ServerProbe>>;
  #denials = 0;
  #unanswered = 0;
  #prepared = false;
  lastAnswer: NotReadyAnswer | undefined;

  constructor(probes: Readonly<Record<ServerKind, ServerProbe>>) {
    this.#probes = probes;
  }

  /** One attempt, at most 3.5 s; never rejects. */
  async ask(asking: Asking): Promise<AskResult> {
    const server = this.#probes[asking.target.extension.kind];
    let answer = await server.knock(asking.target, knockTimeoutMs);
    if (answer.ready) {
      answer = await server.login(asking.target, loginTimeoutMs);
    } else if (!this.#prepared) {
      this.#prepared = true;
      void server.prepare().catch(() => {});
    }
    if (answer.ready) return { result: "ready", by: "probe", detail: answer.detail };
    this.lastAnswer = answer;
    return this.#consider(answer, asking);
  }

  #consider(answer: NotReadyAnswer, { target, isHealthy, waiting }: Asking): AskResult {
    const denied = answer.reason === "denied";
    this.#denials = denied ? this.#denials + 1 : 0;
    if (this.#denials >= denialsToBelieve) {
      const what = `refuses the login of .env at ${target.host}:${target.port} (${answer.detail})`;
      return { result: "denied", what };
    }
    const unanswered = answer.reason === "refused" || answer.reason === "silent";
    this.#unanswered = unanswered && isHealthy() ? this.#unanswered + 1 : 0;
    if (this.#unanswered >= unansweredToBelieveHealth) {
      const detail = `healthy; ${target.host}:${target.port} is not reachable from here`;
      return { result: "ready", by: "health", detail };
    }
    return {
      result: "again",
      text: describeWaiting(answer),
      pauseMs: denied ? pauseAfterDenialMs : knockPauseMs(waiting),
      uninterrupted: denied,
    };
  }
}

function describeWaiting(answer: NotReadyAnswer): string {
  switch (answer.reason) {
    case "refused":
      return "initialising";
    case "silent":
      return "its port is open, no answer yet";
    case "starting":
      return `starting: ${answer.detail}`;
    default:
      return answer.detail;
  }
}
