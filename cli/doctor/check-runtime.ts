import { type ContainerCondition, viewContainer } from "../stack/container-state.js";
import { type DoctorFacts, type Finding, fine, type Ground } from "./check.js";

type OnDocker = Extract<Ground, { runtime: "docker" }>;
type Embedded = Extract<Ground, { runtime: "embedded" }>;

/** Whether anything runs, and each service that does not. */
export async function checkRuntime({ ground, project }: DoctorFacts): Promise<readonly Finding[]> {
  const services = ground.runtime === "docker" ? await judgeContainers(ground) : judgeServices(ground);
  if (services.length > 0) return services;
  const message = `nothing of ${project.name} runs`;
  return [{ subject: project.name, level: "error", message, fix: "{mybroker} up" }];
}

async function judgeContainers({ engine, containers }: OnDocker): Promise<Finding[]> {
  const views = await Promise.all(
    containers.map(async (summary) => {
      const details = await engine.inspectContainer(summary.id);
      return details === undefined ? [] : [viewContainer(summary, details)];
    }),
  );
  return views.flat().map(({ service, condition }) => {
    if (wellConditions.includes(condition)) return fine(service, condition);
    const level = condition === "starting" || condition === "created" ? "warning" : "error";
    return {
      subject: service,
      level,
      message: `${service} is ${condition}`,
      fix: `{mybroker} logs ${service}`,
    };
  });
}

const wellConditions: readonly ContainerCondition[] = ["ready", "running", "done"];

function judgeServices({ status }: Embedded): Finding[] {
  return (status?.services ?? []).map(({ name, state, problem }) => {
    if (state === "ready") return fine(name, "ready");
    return state === "failed"
      ? {
          subject: name,
          level: "error",
          message: `${name} failed: ${problem ?? "it does not say why"}`,
          fix: `{mybroker} logs ${name}`,
        }
      : { subject: name, level: "warning", message: `${name} is stopped`, fix: `{mybroker} start ${name}` };
  });
}
