import { composeLabels } from "../../compose/label-names.js";
import type { Project } from "../../compose/model.js";
import { type DoctorFacts, type Finding, fine, type InspectedContainer } from "../check.js";

export async function checkLeftovers({ containers, project }: DoctorFacts): Promise<readonly Finding[]> {
  const found = await containers();
  return found.length === 0 ? [] : judgeLeftovers(found, project);
}

function judgeLeftovers(
  containers: readonly InspectedContainer[],
  project: Pick<Project, "services" | "disabledServices">,
): Finding[] {
  const findings = [...findOrphans(containers, project), ...findProfilesOff(containers, project)];
  return findings.length > 0 ? findings : [fine("container.orphan", "containers", "all in the compose file")];
}

type Services = Pick<Project, "services" | "disabledServices">;

/** --fix never removes anything. */
function findOrphans(
  containers: readonly InspectedContainer[],
  { services, disabledServices }: Services,
): Finding[] {
  return containers
    .filter(({ service }) => services[service] === undefined && disabledServices[service] === undefined)
    .filter(({ summary }) => summary.labels[composeLabels.oneOff] !== "True")
    .map(({ summary: { name } }) => ({
      id: "container.orphan",
      subject: name,
      level: "warning",
      message: `${name} belongs to no service of the compose file (any more)`,
      fix: "{mybroker} up --remove-orphans",
    }));
}

/**
 * What `docker compose down` leaves where a profile is not named: containers whose profile is off, or those of a
 * profile alone, without anything that they need.
 */
function findProfilesOff(
  containers: readonly InspectedContainer[],
  { services, disabledServices }: Services,
): Finding[] {
  const running = containers.filter(({ details }) => details.State.Running);
  const isBase = ({ service }: InspectedContainer) => (services[service]?.profiles ?? []).length === 0;
  const known = containers.filter(({ service }) => services[service] !== undefined);
  const alone = known.length > 0 && !known.some(isBase);
  return running.flatMap(({ service }): Finding[] => {
    const off = disabledServices[service];
    const left = off ?? (alone ? services[service] : undefined);
    if (left === undefined) return [];
    const profile = left.profiles?.[0] ?? "its profile";
    const message =
      off === undefined
        ? `${service} (profile ${profile}) runs, and nothing that it needs has a container`
        : `${service} runs, and its profile ${profile} is off`;
    const fix = off === undefined ? "{mybroker} up" : `{mybroker} stop ${service}`;
    return [{ id: "container.profile-off", subject: service, level: "warning", message, fix }];
  });
}
