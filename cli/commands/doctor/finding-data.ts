import type { ToldFinding } from "../../doctor/examine.js";

/** A finding in a document: commands as this run spells them. */
export function findingToData(finding: ToldFinding, spell: (text: string) => string) {
  const { id, subject, level, message, evidence = [], fix, repair, ignored } = finding;
  return {
    id,
    subject,
    level,
    message: spell(message),
    evidence: evidence.map(spell),
    fix: fix === null ? null : spell(fix),
    repairable: repair !== undefined,
    docs: docsOf(id),
    ignored: ignored ?? null,
  };
}

export function docsOf(id: string): string {
  return `docs/commands/doctor.md#${id}`;
}
