import type { ServerKind } from "../../compose/model.js";
import type { ProbeTarget } from "../../ready/probe.js";
import { LoginSession } from "../../ready/servers/login-session.js";
import { serverProbes } from "../../ready/servers/registry.js";
import { type NotReady, notReady } from "../../ready/servers/wire.js";
import type { Check, DoctorFacts, Finding } from "../check.js";
import { repairWith } from "../fix/repair-with.js";
import { findUnlockLine } from "./unlock-line.js";

/** A server that has answered; what is opened on the session is closed when its time is over. */
export interface Examination {
  readonly facts: DoctorFacts;
  readonly target: ProbeTarget;
  readonly session: LoginSession;
}

/**
 * Logs in and asks, in parts that are asked at once: what one of them rejects with is told as a server that cannot be
 * used, what one does not get to know in time does not hide the others.
 */
export type Examine = (examination: Examination) => readonly Promise<readonly Finding[]>[];

/** For drivers that want a limit of their own; the check's comes first. */
export const driverTimeoutMs = 2_500;

interface ServerCheck {
  readonly kind: ServerKind;
  readonly title: string;
  /** Ids beside those that every kind has. */
  readonly finds: readonly string[];
  readonly examine: Examine;
}

/** A check of all running servers of a kind, each on its own; the kind is the area. */
export function checkServers({ kind, title, finds, examine }: ServerCheck): Check {
  const area = kind === "http" ? "page" : kind;
  const common = ["works", "unreachable", "login-refused", "failing"];
  return {
    id: `${area}.works`,
    title,
    finds: [...common.map((thing) => `${area}.${thing}`), ...finds],
    run: async (facts, signal) => {
      const targets = await findServers(facts, kind);
      const found = targets.map((target) => examineOne({ facts, target, area, examine, signal }));
      return (await Promise.all(found)).flat();
    },
  };
}

/** Those that run; of one that is paused only its container has something to tell. */
export async function findServers(facts: DoctorFacts, kind: ServerKind): Promise<ProbeTarget[]> {
  const [targets, containers] = await Promise.all([facts.targets(), facts.containers()]);
  const still = new Set(
    containers.filter(({ details: { State } }) => State.Status !== "running").map(({ service }) => service),
  );
  return [...targets.values()].filter(
    ({ service, extension }) => extension.kind === kind && !still.has(service),
  );
}

/** It may not answer yet, and that is nobody's fault; what it refuses, it will refuse later as well. */
async function isStarting(facts: DoctorFacts, service: string): Promise<boolean> {
  const container = (await facts.containers()).find((each) => each.service === service);
  return container?.details.State.Health?.Status === "starting";
}

interface One {
  readonly facts: DoctorFacts;
  readonly target: ProbeTarget;
  readonly area: string;
  readonly examine: Examine;
  readonly signal: AbortSignal;
}

async function examineOne({ facts, target, area, examine, signal }: One): Promise<readonly Finding[]> {
  const server = serverProbes[target.extension.kind];
  const over = new Promise<"over">((resolve) => {
    signal.addEventListener("abort", () => resolve("over"), { once: true });
  });
  const knocked = await Promise.race([server.knock(target, driverTimeoutMs), over]);
  const refusal =
    knocked === "over" ? notReady("silent", "it accepts connections and says nothing") : knocked;
  // A domain service that lacks something says what, on the same page.
  const speaks = target.extension.kind === "service" && !refusal.ready && refusal.reason === "starting";
  if (!refusal.ready && !speaks) return describeRefusal(facts, { target, area, answer: refusal });
  const session = new LoginSession();
  try {
    const parts = examine({ facts, target, session }).map(async (part) => {
      const found = await Promise.race([
        part.catch((error: unknown) =>
          describeRefusal(facts, { target, area, answer: server.classify(error) }),
        ),
        over,
      ]);
      return found === "over" ? [tellLate(area, target.service)] : found;
    });
    return withoutRepeats((await Promise.all(parts)).flat());
  } finally {
    session.close();
  }
}

/** Parts share a login: what one said of it, all say. */
function withoutRepeats(findings: readonly Finding[]): Finding[] {
  const texts = findings.map(({ id, message }) => `${id} ${message}`);
  return findings.filter((_, index) => texts.indexOf(texts[index] ?? "") === index);
}

function tellLate(area: string, service: string): Finding {
  const message = `${service} answers, and did not finish what it was asked in time`;
  const fix = `{mybroker} doctor --only ${area}`;
  return { id: `${area}.no-answer`, subject: service, level: "unknown", message, fix };
}

interface Refusal {
  readonly target: ProbeTarget;
  readonly area: string;
  readonly answer: NotReady;
}

async function describeRefusal(facts: DoctorFacts, refusal: Refusal): Promise<Finding[]> {
  const { target, answer } = refusal;
  const mayCome = answer.reason === "refused" || answer.reason === "silent" || answer.reason === "starting";
  if (mayCome && (await isStarting(facts, target.service))) return [];
  return [toFinding(refusal, await findUnlockLine(facts, target))];
}

function toFinding({ target, area, answer }: Refusal, unlock: string): Finding {
  const { service, host, port } = target;
  const at = `${service} at ${host}:${port}`;
  const evidence = [answer.detail];
  const shared = { subject: service, evidence, fix: `{mybroker} restart ${service}` } as const;
  switch (answer.reason) {
    case "denied": {
      const message = `${at} refuses the login of .env: ${answer.detail}`;
      return {
        id: `${area}.login-refused`,
        level: "error",
        message,
        ...shared,
        fix: unlock,
      };
    }
    case "refused":
    case "silent":
    case "wrong-server": {
      const message = `${at} cannot be reached: ${answer.detail}`;
      const repair = repairWith("restart", service);
      return { id: `${area}.unreachable`, level: "error", message, ...shared, repair };
    }
    default: {
      const message = `${at} does not do its work: ${answer.detail}`;
      const fix = `{mybroker} logs ${service}`;
      return { id: `${area}.failing`, level: "error", message, ...shared, fix };
    }
  }
}
