import type { Project } from "../../compose/model.js";
import { findDefinitions } from "../../runtime/runtime-settings.js";

interface Named {
  readonly name: string;
  readonly vhost?: string;
}

export interface DeclaredExchange extends Named {
  readonly type: string;
}
export interface DeclaredQueue extends Named {
  readonly arguments?: Readonly<Record<string, unknown>>;
}
export interface DeclaredBinding {
  readonly source: string;
  readonly vhost?: string;
  readonly destination: string;
  readonly destination_type: "queue" | "exchange";
  readonly routing_key: string;
}
export interface DeclaredPolicy extends Named {
  readonly pattern: string;
  readonly definition: Readonly<Record<string, unknown>>;
}

/** What a RabbitMQ's definitions say that there is in its virtual host "/"; the entries as the file has them. */
export interface DeclaredTopology {
  readonly exchanges: readonly DeclaredExchange[];
  readonly queues: readonly DeclaredQueue[];
  readonly bindings: readonly DeclaredBinding[];
  readonly policies: readonly DeclaredPolicy[];
  /** Names of x-mybroker that the definitions do not have. */
  readonly otherQueues: readonly string[];
}

/** Of the definitions in the compose file; without any, the names that x-mybroker has. */
export function readDeclaredTopology(project: Project, name: string): DeclaredTopology {
  const extension = project.services[name]?.["x-mybroker"];
  const definitions = findDefinitions(project, name);
  const list = <Entry extends { readonly vhost?: string }>(part: string): readonly Entry[] => {
    const entries = definitions[part];
    return (Array.isArray(entries) ? (entries as Entry[]) : []).filter(({ vhost = "/" }) => vhost === "/");
  };
  const queues = list<DeclaredQueue>("queues");
  const known = new Set(queues.map((queue) => queue.name));
  const named = [...(extension?.queues ?? []), ...(extension?.streams ?? [])];
  return {
    queues,
    exchanges: list("exchanges"),
    bindings: list("bindings"),
    policies: list("policies"),
    otherQueues: named.filter((queue) => !known.has(queue)),
  };
}

/** "quorum", "stream", "classic"; undefined where the declaration leaves it to the server. */
export function typeOf(queue: DeclaredQueue): string | undefined {
  const type = queue.arguments?.["x-queue-type"];
  return typeof type === "string" ? type : undefined;
}
