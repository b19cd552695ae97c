import type { ServerKind } from "../compose/model.js";
import { engineCauses } from "./known-causes-engine.js";
import { machineCauses } from "./known-causes-machine.js";
import { serverCauses } from "./known-causes-servers.js";

/** What is known about a service that did not come up. */
export interface FailureEvidence {
  readonly service: string;
  readonly kind?: ServerKind;
  readonly exitCode?: number;
  readonly outOfMemory?: boolean;
  /** What the engine said when it created or started the container. */
  readonly engineError?: string;
  /** The last answer of the server to our probe. */
  readonly answer?: { readonly reason: string; readonly detail: string };
  /** The end of its log, oldest line first. */
  readonly log: readonly string[];
  /** Output of the last healthcheck. */
  readonly healthOutput?: string;
}

/** All that is stated must hold. Named groups of a pattern can be used in the texts as {name}. */
export interface Sign {
  readonly exitCode?: number;
  readonly outOfMemory?: true;
  /** Matched against one line. */
  readonly log?: RegExp;
  readonly engineError?: RegExp;
  readonly answer?: string;
  readonly answerDetail?: RegExp;
}

export interface KnownCause {
  /** Stable: "mongo.no-avx". */
  readonly id: string;
  /** Only for these kinds of servers; absent: any container. */
  readonly kinds?: readonly ServerKind[];
  /** One of them is enough. */
  readonly signs: readonly Sign[];
  /** Sentences; {service}, {imageKey}, {volume}, {container} and groups of the sign are filled in. */
  readonly cause: string;
  /** What to type; commands with {mybroker}. */
  readonly fix: string;
}

export interface MatchedCause {
  readonly id: string;
  readonly cause: string;
  readonly fix: string;
  /** The log line that gave it away. */
  readonly line?: string;
}

/** From the particular to the general: the first match is taken. */
export const knownCauses: readonly KnownCause[] = [...serverCauses, ...engineCauses, ...machineCauses];

/** Names that the texts use for this service's things. */
export interface CauseNames {
  readonly container?: string;
  readonly volume?: string;
  /** "BROKER_MONGODB_IMAGE" */
  readonly imageKey?: string;
  readonly image?: string;
}

/** The first known cause that the evidence shows, with its texts filled in. */
export function matchKnownCause(
  evidence: FailureEvidence,
  names: CauseNames = {},
  causes: readonly KnownCause[] = knownCauses,
): MatchedCause | undefined {
  for (const cause of causes) {
    if (cause.kinds !== undefined && (evidence.kind === undefined || !cause.kinds.includes(evidence.kind))) {
      continue;
    }
    for (const sign of cause.signs) {
      const found = matchSign(sign, evidence);
      if (found === undefined) continue;
      const values = fillIns(evidence, names, found.groups);
      return {
        id: cause.id,
        cause: fill(cause.cause, values),
        fix: fill(cause.fix, values),
        ...(found.line === undefined ? {} : { line: found.line }),
      };
    }
  }
  return undefined;
}

interface Found {
  readonly groups: Record<string, string>;
  readonly line?: string;
}

function matchSign(sign: Sign, evidence: FailureEvidence): Found | undefined {
  if (sign.exitCode !== undefined && sign.exitCode !== evidence.exitCode) return undefined;
  if (sign.outOfMemory && evidence.outOfMemory !== true) return undefined;
  if (sign.answer !== undefined && sign.answer !== evidence.answer?.reason) return undefined;
  const groups: Record<string, string> = {};
  const texts: [RegExp | undefined, string | undefined][] = [
    [sign.engineError, evidence.engineError],
    [sign.answerDetail, evidence.answer?.detail],
  ];
  for (const [pattern, text] of texts) {
    if (pattern === undefined) continue;
    const match = text === undefined ? null : pattern.exec(text);
    if (match === null) return undefined;
    Object.assign(groups, match.groups);
  }
  if (sign.log === undefined) return { groups };
  for (const line of evidence.log) {
    const match = sign.log.exec(line);
    if (match !== null) return { groups: { ...groups, ...match.groups }, line };
  }
  return undefined;
}

function fillIns(
  evidence: FailureEvidence,
  names: CauseNames,
  groups: Record<string, string>,
): Record<string, string> {
  return {
    service: evidence.service,
    container: names.container ?? evidence.service,
    volume: names.volume ?? `${evidence.service}'s volume`,
    imageKey: names.imageKey ?? `image: of ${evidence.service}`,
    image: names.image ?? "its image",
    ...groups,
  };
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
