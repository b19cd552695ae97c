import { countOf, wrap } from "../output/units.js";
import { describeHolder } from "../preflight/port-text.js";
import type { EnsureEnvResult } from "./ensure-env.js";
import type { RotateEnvResult } from "./rotate-env.js";

/**
 * What was done to .env, for `init` and for the first lines of `up`: names and counts, never a value. Empty where
 * nothing was done.
 */
export function describeEnvResult(result: EnsureEnvResult): string[] {
  const lines =
    result.state === "unchanged" || result.state === "absent" ? [] : wrap(`${summarise(result)}.`);
  if (result.portsMoved.length > 1) {
    for (const { from, to, conflict } of result.portsMoved) {
      const [first = "", ...more] = wrap(`${from} -> ${to}  taken by ${describeHolder(conflict.holder)}`, 76);
      lines.push(`  ${first}`, ...more.map((line) => `    ${line}`));
    }
  }
  if (result.backup !== undefined) lines.push(`The .env before is kept at ${result.backup}`);
  return lines;
}

/** What a rotation did: names of keys and services. */
export function describeRotation(rotation: RotateEnvResult): string[] {
  const { rotated, kept, servers, backup } = rotation;
  const first = servers.length === 0 ? "" : `, changed first in ${servers.join(", ")}`;
  return [
    ...wrap(`${countOf(rotated.length, "secret")} rotated${first}.`),
    ...kept.flatMap(({ key, reason }) => wrap(`Kept ${key}: ${reason}.`)),
    ...(backup === undefined ? [] : [`The .env before is kept at ${backup}`]),
    ...(rotated.length === 0
      ? []
      : wrap("What runs still has the old ones until  {mybroker} up  starts it anew.")),
  ];
}

function summarise(result: EnsureEnvResult): string {
  const [move] = result.portsMoved;
  const holder = move === undefined ? "" : describeHolder(move.conflict.holder);
  const moved =
    result.portsMoved.length === 1
      ? `1 port moved (${move?.from} -> ${move?.to}, taken by ${holder})`
      : `${result.portsMoved.length} ports moved`;
  const parts = [
    ...(result.added.length > 0 ? [`added ${result.added.join(", ")}`] : []),
    ...(result.generated.length > 0 ? [countOf(result.generated.length, "secret")] : []),
    ...(result.recovered.length > 0
      ? [`${countOf(result.recovered.length, "secret")} recovered from the containers`]
      : []),
    ...(result.state === "updated" && result.derived.length > 0
      ? [`derived ${result.derived.join(", ")}`]
      : []),
    ...(move === undefined ? [] : [moved]),
  ];
  return `.env ${result.state}${parts.length === 0 ? "" : `: ${parts.join(", ")}`}`;
}
