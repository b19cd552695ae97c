import type { Service } from "../compose/model.js";
import type { InlineFile } from "./inline-files.js";
import type { PlanContext } from "./plan-context.js";

/** A service in the middle of planning. */
export interface ServiceFacts {
  readonly serviceName: string;
  readonly service: Service;
  readonly files: readonly InlineFile[];
  /** Networks that the plan takes away and makes again. */
  readonly remade: ReadonlySet<string>;
  /** Container of another service that stays, for shared namespaces. */
  readonly containerIdOf: (service: string) => string | undefined;
}

/** @param number from 1 on, among the containers of the service */
export function containerName(
  context: PlanContext,
  { serviceName, service }: ServiceFacts,
  number: number,
): string {
  return service.container_name ?? `${context.project.name}-${serviceName}-${number}`;
}
