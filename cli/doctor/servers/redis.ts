import { describeError } from "../../ready/servers/login-session.js";
import { openRedis } from "../../ready/servers/redis.js";
import { oneLine } from "../../ready/servers/wire.js";
import { collectFiles } from "../../reconcile/inline-files.js";
import { type DoctorFacts, type Finding, fine } from "../check.js";
import { repairWith } from "../fix/repair-with.js";
import { checkServers, type Examination } from "./examine.js";
import { makeScratchName } from "./scratch-name.js";

export const redisCheck = checkServers({
  kind: "redis",
  title: "every cache takes its login, writes, and evicts as its settings say",
  finds: ["redis.refuses-writes", "redis.eviction-policy"],
  examine: (examination) => [examineCache(examination)],
});

/** Outlives nothing: the key is deleted, and expires where that fails. */
const scratchSeconds = 10;

async function examineCache(examination: Examination): Promise<readonly Finding[]> {
  const startedMs = performance.now();
  const { facts, target, session } = examination;
  const { service } = target;
  const redis = await openRedis(target, session);
  const key = makeScratchName();
  const [refusal, policy] = await Promise.all([
    redis.set(key, "1", "EX", scratchSeconds).then(
      () => undefined,
      (error: unknown) => oneLine(describeError(error).message),
    ),
    // A server may have the command switched off.
    redis.config("GET", "maxmemory-policy").then(
      (pair) => String((pair as string[])[1] ?? ""),
      () => "",
    ),
  ]);
  const wanted = declaredPolicy(facts, service);
  const findings: Finding[] = [];
  if (refusal !== undefined) {
    findings.push({
      id: "redis.refuses-writes",
      subject: service,
      level: "error",
      message: `${service} refuses writes: ${refusal}`,
      // A snapshot that cannot be written is a matter of the disk.
      fix: refusal.startsWith("MISCONF") ? `{mybroker} logs ${service}` : `{mybroker} restart ${service}`,
      ...(refusal.startsWith("MISCONF") ? {} : { repair: repairWith("restart", service) }),
    });
  }
  if (wanted !== undefined && policy !== "" && policy !== wanted) {
    findings.push({
      id: "redis.eviction-policy",
      subject: service,
      level: "warning",
      message: `${service} evicts by ${policy} when it is full; its settings say ${wanted}`,
      fix: `{mybroker} restart ${service}`,
      repair: repairWith("restart", service),
    });
  }
  if (refusal === undefined) {
    const read = await redis.get(key);
    await redis.del(key);
    if (read !== "1") throw new Error("it did not give back what was just written");
  }
  if (findings.length > 0) return findings;
  const tookMs = Math.round(performance.now() - startedMs);
  return [fine("redis.works", service, `a key written, read and deleted, ${tookMs} ms`)];
}

/** Of the redis.conf that the compose file gives it. */
function declaredPolicy({ project }: DoctorFacts, name: string): string | undefined {
  const service = project.services[name];
  if (service === undefined) return undefined;
  const file = collectFiles(project, service).inline.find(({ target }) => target.endsWith("redis.conf"));
  return /^\s*maxmemory-policy\s+(\S+)/m.exec(file?.content ?? "")?.[1];
}
