import type { ContainerCreateBody, ContainerDetails } from "../engine/engine.js";
import type { ImageDetails } from "../engine/images.js";
import { shapeOfBody, shapeOfDetails } from "./container-shape.js";
import { type Description, describeShape, notShown } from "./describe-shape.js";

/** One key of the compose file that a container and the file disagree on. */
export interface Change {
  /** "environment.LOG_LEVEL", "ports.6379/tcp", "healthcheck.test" */
  readonly key: string;
  readonly before?: string;
  readonly after?: string;
}

/**
 * Keys that the engine or its administrator may have set without being asked (default log options and ulimits,
 * the docker CLI's proxy variables). A difference counts only together with a changed config-hash; without that
 * rule a daemon default would recreate for ever.
 */
const unaskedKey = /^(logging\.|ulimits\.|memswap_limit$|environment\.(http|https|ftp|no|all)_proxy$)/i;

/** The engine gives every endpoint an address of its own; only a wished one can be compared. */
const assignedKey = /^networks\..*\.mac_address$/;

export interface Comparison {
  readonly body: ContainerCreateBody;
  readonly details: ContainerDetails;
  /** The image that the container was made from, where the engine still has it. */
  readonly image: ImageDetails | undefined;
  /** Whether the container's config-hash label differs from the payload's. */
  readonly hashDiffers: boolean;
}

/** What differs between the payload that we would send and the container that is there, in order of keys. */
export function compareContainer(comparison: Comparison): Change[] {
  const wished = describeShape(shapeOfBody(comparison.body, comparison.image));
  const found = describeShape(shapeOfDetails(comparison.details));
  return withoutDetails(diffDescriptions(found, wished)).filter((change) => {
    if (change.before === notShown || change.after === notShown) return false;
    if (change.before !== undefined && change.after !== undefined) return true;
    if (assignedKey.test(change.key) && change.after === undefined) return false;
    return comparison.hashDiffers || !unaskedKey.test(change.key);
  });
}

const detailKey = /^(.+)\.(aliases|ipv[46]_address|mac_address|selinux|propagation|nocopy|recursive)$/;

/** A network that is new or gone says nothing more by its aliases. */
function withoutDetails(changes: readonly Change[]): Change[] {
  const keys = new Set(changes.map((change) => change.key));
  return changes.filter((change) => !keys.has(detailKey.exec(change.key)?.[1] ?? ""));
}

/** In the order of their keys. */
export function diffDescriptions(before: Description, after: Description): Change[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys
    .filter((key) => before[key] !== after[key])
    .map((key) => ({
      key,
      ...(before[key] === undefined ? {} : { before: before[key] }),
      ...(after[key] === undefined ? {} : { after: after[key] }),
    }));
}
