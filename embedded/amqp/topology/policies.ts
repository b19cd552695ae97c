import type { QueueArguments } from "../queues/queue.js";

/** A policy of RabbitMQ's definitions. */
export interface Policy {
  readonly name: string;
  readonly pattern: RegExp;
  readonly applyTo: string;
  readonly priority: number;
  readonly definition: Readonly<Record<string, unknown>>;
}

const smallerWins = ["x-message-ttl", "x-expires", "x-max-length", "x-max-length-bytes", "x-delivery-limit"];

/** The policy in force: of those that match, the one of highest priority; only one ever applies. */
export function findPolicy(
  policies: readonly Policy[],
  subject: { readonly name: string; readonly appliesTo: readonly string[] },
): Policy | undefined {
  return policies
    .filter(({ applyTo }) => applyTo === "all" || subject.appliesTo.includes(applyTo))
    .filter(({ pattern }) => pattern.test(subject.name))
    .sort((one, other) => other.priority - one.priority)[0];
}

/**
 * A queue's arguments merged with its policy (RabbitMQ docs, "Policies"): of two limits the smaller one holds (no
 * limit, below 0, is the largest), otherwise what the queue was declared with.
 */
export function mergePolicy(declared: QueueArguments, policy: Policy | undefined): QueueArguments {
  const effective: Record<string, unknown> = { ...declared };
  for (const [key, value] of Object.entries(policy?.definition ?? {})) {
    const name = `x-${key}`;
    const own = effective[name];
    if (own === undefined) effective[name] = value;
    else if (smallerWins.includes(name) && rank(value) < rank(own)) effective[name] = value;
  }
  return effective;
}

function rank(limit: unknown): number {
  return typeof limit !== "number" || limit < 0 ? Number.POSITIVE_INFINITY : limit;
}
