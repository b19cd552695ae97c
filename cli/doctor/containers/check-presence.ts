import type { Project } from "../../compose/model.js";
import { type DoctorFacts, type Finding, fine } from "../check.js";
import { repairWith } from "../fix/repair-with.js";

export async function checkPresence(facts: DoctorFacts): Promise<readonly Finding[]> {
  if (facts.ground.runtime !== "docker") return [];
  const [containers, replaced] = await Promise.all([facts.containers(), facts.replaced()]);
  const present = new Set(containers.map(({ service }) => service));
  return judgePresence({ project: facts.project, present, replaced });
}

interface Presence {
  readonly project: Pick<Project, "name" | "services">;
  /** Services that have a container. */
  readonly present: ReadonlySet<string>;
  /** Services in whose place a program of the user's runs, with its pid. */
  readonly replaced: ReadonlyMap<string, number>;
}

function judgePresence({ project, present, replaced }: Presence): Finding[] {
  const wanted = Object.entries(project.services);
  if (!wanted.some(([name]) => present.has(name)) && replaced.size === 0) return [nothingRuns(project.name)];
  return wanted.flatMap(([name]): Finding[] => {
    const pid = replaced.get(name);
    if (pid !== undefined) return [tellReplaced(name, pid)];
    if (present.has(name)) return [fine("container.missing", name, "has a container")];
    const repair = repairWith("up", name);
    const message = `${name} has no container`;
    return isMissed(name, { project, present })
      ? [{ id: "container.missing", subject: name, level: "warning", message, fix: repair.command, repair }]
      : [];
  });
}

/**
 * Nobody wrote down what was asked for (`up kafka`, `up --infra`). A container is missed where one that is there names
 * it, in depends_on or as a host in its environment, and where most of its like are there.
 */
function isMissed(name: string, { project: { services }, present }: Omit<Presence, "replaced">): boolean {
  const asHost = new RegExp(`(^|[/@,=])${name.replaceAll(".", "\\.")}(:\\d|/|$)`);
  const there = Object.entries(services).filter(([other]) => present.has(other));
  const named = there.some(
    ([, { depends_on = {}, environment = {} }]) =>
      depends_on[name]?.required === true ||
      Object.values(environment).some((value) => value !== name && asHost.test(value ?? "")),
  );
  if (named) return true;
  const profilesOf = (service: string) => services[service]?.profiles?.join() ?? "";
  const like = Object.keys(services).filter((other) => profilesOf(other) === profilesOf(name));
  return like.filter((other) => present.has(other)).length > like.length / 2;
}

/** Both runtimes say it the same way. */
export function nothingRuns(project: string): Finding {
  const repair = repairWith("up");
  return {
    id: "project.not-running",
    subject: project,
    level: "error",
    message: `nothing of ${project} runs`,
    fix: repair.command,
    repair,
  };
}

export function tellReplaced(service: string, pid: number): Finding {
  return fine(
    "container.replaced",
    service,
    `a program of yours is in its place (mybroker replace, pid ${pid})`,
  );
}
