import { request } from "node:http";
import { formatDuration } from "../../output/units.js";
import { type DoctorFacts, type Finding, fine } from "../check.js";

/** Tokens are refused and times of orders stand in the future from about here on. */
const toleratedMs = 2_000;

/** The Date header counts whole seconds. */
const headerStepMs = 1_000;

/** The engine says its time; of containers those that speak HTTP do. */
export async function checkClocks(facts: DoctorFacts, signal: AbortSignal): Promise<readonly Finding[]> {
  const { ground } = facts;
  if (ground.runtime !== "docker") return [];
  const { clockAheadMs } = ground.engine.facts;
  const engine = clockAheadMs === undefined ? [] : [judgeClock("engine", clockAheadMs)];
  const targets = [...(await facts.targets()).values()].filter(({ extension: { kind } }) =>
    ["http", "service"].includes(kind),
  );
  const asked = await Promise.all(
    targets.map(async ({ service, host, port }) => {
      const aheadMs = await askClock(`http://${host}:${port}/`, signal);
      return aheadMs === undefined ? [] : [judgeClock(service, aheadMs)];
    }),
  );
  return [...engine, ...asked.flat()];
}

export function judgeClock(subject: string, aheadMs: number): Finding {
  const id = "machine.clock-skew";
  const off = Math.abs(aheadMs);
  if (off <= toleratedMs) return fine(id, subject, `the clock of ${subject} agrees with this machine's`);
  const message = `the clock of ${subject} is ${formatDuration(off)} ${aheadMs > 0 ? "ahead of" : "behind"} this machine's`;
  const fix =
    subject === "engine" ? "date && docker info --format '{{.SystemTime}}'" : `{mybroker} restart ${subject}`;
  return { id, subject, level: "warning", message, fix };
}

/** Whether it answers as it should is for other checks. */
function askClock(url: string, signal: AbortSignal): Promise<number | undefined> {
  const askedMs = Date.now();
  return new Promise((resolve) => {
    const outgoing = request(url, { method: "HEAD", agent: false, signal });
    outgoing.on("error", () => resolve(undefined));
    outgoing.on("response", (response) => {
      response.resume();
      resolve(aheadOf(response.headers.date ?? null, { askedMs, answeredMs: Date.now() }));
    });
    outgoing.end();
  });
}

/** How far a Date header lies outside of the time in which it was written; undefined where there is none. */
export function aheadOf(
  header: string | null,
  { askedMs, answeredMs }: { readonly askedMs: number; readonly answeredMs: number },
): number | undefined {
  const saidMs = Date.parse(header ?? "");
  if (Number.isNaN(saidMs)) return undefined;
  if (saidMs + headerStepMs < askedMs) return saidMs + headerStepMs - askedMs;
  return Math.max(0, saidMs - answeredMs);
}
