import type { ObservedContainer } from "./observed.js";

/** A service's containers, told apart by what is to become of them. */
export interface SortedContainers {
  /** Lowest number first. */
  readonly usable: readonly ObservedContainer[];
  /** Left by a run that was interrupted: a replacement whose original is still there, or a dead container. */
  readonly leftovers: readonly ObservedContainer[];
}

/** A replacement under construction: "<12 hex of the replaced id>_<name>". */
const temporaryName = /^[0-9a-f]{12}_(.+)$/;

/** What a replacement under construction will be called; undefined of any other container. */
export function finalNameOf(container: ObservedContainer): string | undefined {
  return temporaryName.exec(container.name)?.[1];
}

export function sortContainers(containers: readonly ObservedContainer[]): SortedContainers {
  const originals = new Set(
    containers
      .filter((container) => !isBroken(container) && finalNameOf(container) === undefined)
      .map(numberOf),
  );
  const usable: ObservedContainer[] = [];
  const leftovers: ObservedContainer[] = [];
  for (const container of [...containers].sort((a, b) => a.number - b.number || compareAge(a, b))) {
    const superfluous = finalNameOf(container) !== undefined && originals.has(container.number);
    const repeated = usable.some((other) => other.number === container.number);
    if (isBroken(container) || superfluous || repeated) leftovers.push(container);
    else usable.push(container);
  }
  return { usable, leftovers };
}

const numberOf = (container: ObservedContainer) => container.number;

/** The engine has given it up, or is taking it away just now. */
function isBroken({ details }: ObservedContainer): boolean {
  return details.State.Status === "dead" || details.State.Status === "removing";
}

function compareAge(a: ObservedContainer, b: ObservedContainer): number {
  return a.details.Created < b.details.Created ? 1 : -1;
}
