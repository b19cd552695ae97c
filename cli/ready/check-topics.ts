import type { Project } from "../compose/model.js";
import type { ProbeTarget } from "./probe.js";
import { openKafkaAdmin } from "./servers/kafka.js";
import { attemptLogin } from "./servers/login-session.js";
import { notReady } from "./servers/wire.js";
import { type FindTargetRequest, findTarget } from "./target.js";

const timeoutMs = 3000;

/**
 * Topics that x-mybroker names beside a Kafka and that it does not have. Their producers create them at their
 * start, so a missing one is news and no failure; a Kafka that does not answer misses none, because that is told
 * elsewhere. Never rejects.
 */
export async function checkTopics(
  stack: { readonly engine: FindTargetRequest["engine"]; readonly project: Project },
  services: readonly string[],
): Promise<string[]> {
  const missing = services.map(async (service) => {
    const extension = stack.project.services[service]?.["x-mybroker"];
    const declared = extension?.kind === "kafka" ? (extension.topics ?? []) : [];
    if (declared.length === 0) return [];
    const target = await findTarget({ ...stack, service }).catch(() => undefined);
    const existing = target === undefined ? undefined : await listTopics(target);
    return existing === undefined ? [] : declared.filter((topic) => !existing.has(topic));
  });
  return (await Promise.all(missing)).flat();
}

async function listTopics(target: ProbeTarget): Promise<Set<string> | undefined> {
  let topics: Set<string> | undefined;
  await attemptLogin({
    timeoutMs,
    classify: () => notReady("error", "the topics could not be listed"),
    login: async (session) => {
      const admin = await openKafkaAdmin(target, { session, timeoutMs });
      topics = new Set(await admin.listTopics());
      return "topics listed";
    },
  });
  return topics;
}
