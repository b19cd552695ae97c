import type { DoctorFacts } from "./check.js";
import type { Choice } from "./choose-checks.js";
import { type Examination, examine, problemsOf } from "./examine.js";
import { leaveGround } from "./ground.js";
import { usualLimits } from "./run-checks.js";

/** A machine that is too busy for all checks at once answers a few of them sooner or later; one that hangs never does. */
const attempts = 3;

/**
 * Asks the checks again, alone, that could not find out what they are for; the rest of what was seen stays.
 * @param look facts as they are now
 */
export async function askAgain(
  seen: Examination,
  choice: Choice,
  look: () => Promise<DoctorFacts>,
): Promise<Examination> {
  let known = seen;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const open = new Set(
      problemsOf(known.findings).flatMap(({ level, check }) => (level === "unknown" ? [check] : [])),
    );
    if (open.size === 0) break;
    const facts = await look();
    try {
      const limitMs = performance.now() + usualLimits.totalMs;
      const again = await examine(facts, { ...choice, checks: [...open] }, limitMs);
      facts.request.output.debug(`asked again: ${[...open].map(({ id }) => id).join(", ")}`);
      known = {
        ground: again.ground,
        examined: known.examined.map((old) => again.examined.find(({ check }) => check === old.check) ?? old),
        findings: [...known.findings.filter(({ check }) => !open.has(check)), ...again.findings],
      };
    } finally {
      leaveGround(facts.ground);
    }
  }
  return known;
}
