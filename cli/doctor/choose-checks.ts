import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { findNearest } from "../errors/nearest.js";
import type { Check, Finding } from "./check.js";
import { areaOf, noAnswerId } from "./run-checks.js";

/** Which checks run, and which of their findings are told. */
export interface Choice {
  readonly checks: readonly Check[];
  tells(check: Check, finding: Pick<Finding, "id">): boolean;
}

/** Words of --only and --exclude: an area, a check, or the id of a finding. */
export interface ChoiceWords {
  readonly only: readonly string[];
  readonly exclude: readonly string[];
  readonly deep: boolean;
}

/** @throws MybrokerError usage.unknown-check, usage.needs-deep, exit 2 */
export function chooseChecks(checks: readonly Check[], { only, exclude, deep }: ChoiceWords): Choice {
  requireKnown([...only, ...exclude], knownWords(checks));
  if (!deep) refuseDeepOnly(checks, only);
  const runs = (check: Check): boolean => {
    if (check.deepOnly && !deep) return false;
    const wanted = only.length === 0 || only.some((word) => wordsOf(check).includes(word));
    return wanted && !exclude.some((word) => word === check.id || word === areaOf(check.id));
  };
  return {
    checks: checks.filter(runs),
    tells: (check, { id }) => {
      const names = [id, areaOf(id), check.id, areaOf(check.id)];
      // What could not be found out may be what was asked for.
      const silence = id === noAnswerId(check);
      const wanted = only.length === 0 || silence || names.some((name) => only.includes(name));
      return wanted && !names.some((name) => exclude.includes(name));
    },
  };
}

/** Asked for by name and not looked at would read as found to be well. */
function refuseDeepOnly(checks: readonly Check[], only: readonly string[]): void {
  const word = only.find((name) => {
    const meant = checks.filter((check) => wordsOf(check).includes(name));
    return meant.every(({ deepOnly }) => deepOnly);
  });
  if (word === undefined) return;
  throw new MybrokerError({
    code: "usage.needs-deep",
    message: `${word} is looked at with --deep only, which places an order and cancels it`,
    hint: `{mybroker} doctor --deep ${only.map((name) => `--only ${name}`).join(" ")}`,
    exitCode: exitCodes.usage,
  });
}

/** Every id that a finding can have. */
export function findingIds(checks: readonly Check[]): string[] {
  return [...new Set(checks.flatMap((check) => [...check.finds, noAnswerId(check)]))].sort();
}

/** @throws MybrokerError usage.unknown-check, exit 2 */
export function requireKnown(words: readonly string[], known: readonly string[]): void {
  const unknown = words.find((word) => !known.includes(word));
  if (unknown === undefined) return;
  const nearest = findNearest(unknown, known);
  throw new MybrokerError({
    code: "usage.unknown-check",
    message: `no area, check or finding is called ${unknown}`,
    hint: nearest === undefined ? `Areas: ${listAreas(known)}` : `Did you mean:  ${nearest}`,
    exitCode: exitCodes.usage,
  });
}

function listAreas(words: readonly string[]): string {
  return words.filter((word) => !word.includes(".")).join(", ");
}

export function knownWords(checks: readonly Check[]): string[] {
  return [...new Set(checks.flatMap(wordsOf))];
}

function wordsOf(check: Check): string[] {
  return [areaOf(check.id), check.id, ...check.finds, ...check.finds.map(areaOf), noAnswerId(check)];
}
