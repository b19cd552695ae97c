import { countOf } from "../../output/units.js";
import { placeOf } from "../../streams/contract-of.js";
import { printable } from "../../streams/printable.js";
import type { StreamRecord } from "../../streams/record.js";
import { type Problem, validateRecord } from "../../streams/validate.js";

/** A record, and what its contract says against it where contracts are asked. */
export interface Finding {
  readonly record: StreamRecord;
  readonly problems?: readonly Problem[];
}

/** Holds records against their contracts for a whole run. */
export interface Validator {
  /** Those that break one; the others are counted. */
  findBroken(records: readonly StreamRecord[]): Finding[];
  readonly broken: number;
  /** "37 messages: 35 as their contract says, 2 not; 4 more have no contract" */
  describe(): string;
}

/** @param warn is told once of what a stream does without, for a service that has no such header has it nowhere */
export function createValidator(warn: (text: string) => void): Validator {
  const counts = { fit: 0, broken: 0, unknown: 0 };
  const warned = new Set<string>();
  const inspect = (record: StreamRecord): Finding[] => {
    const { contract, problems } = validateRecord(record);
    const broken = problems.some(({ level }) => level === "violation");
    counts[contract === undefined ? "unknown" : broken ? "broken" : "fit"] += 1;
    if (broken) return [{ record, problems }];
    for (const { field, what } of problems) {
      const text = `${printable(placeOf(record).label)}: ${field} ${what}`;
      if (!warned.has(text)) warn(text);
      warned.add(text);
    }
    return [];
  };
  return {
    findBroken: (records) => records.flatMap(inspect),
    get broken() {
      return counts.broken;
    },
    describe: () => {
      const { fit, broken, unknown } = counts;
      const more = unknown === 0 ? "" : `; ${unknown} more ${unknown === 1 ? "has" : "have"} no contract`;
      return `${countOf(fit + broken, "message")}: ${fit} as their contract says, ${broken} not${more}`;
    },
  };
}
