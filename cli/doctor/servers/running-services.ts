import type { DoctorFacts } from "../check.js";
import { findServers } from "./examine.js";

/** Domain services of ours that run and in whose place nobody is. */
export async function findRunningServices(facts: DoctorFacts): Promise<ReadonlySet<string>> {
  const [targets, replaced] = await Promise.all([findServers(facts, "service"), facts.replaced()]);
  return new Set(targets.map(({ service }) => service).filter((service) => !replaced.has(service)));
}
