import type { Project } from "../compose/model.js";
import { type ContainerCondition, viewContainer } from "../stack/container-state.js";
import { type DoctorFacts, type Finding, fine, type Ground } from "./check.js";

type OnDocker = Extract<Ground, { runtime: "docker" }>;
type Embedded = Extract<Ground, { runtime: "embedded" }>;

/** Whether anything runs, and each service that does not. */
export async function checkRuntime({ ground, project }: DoctorFacts): Promise<readonly Finding[]> {
  const services =
    ground.runtime === "docker" ? await judgeContainers(ground, project) : judgeServices(ground);
  if (services.length > 0) return services;
  const message = `nothing of ${project.name} runs`;
  return [{ subject: project.name, level: "error", message, fix: "{mybroker} up" }];
}

async function judgeContainers({ engine, containers }: OnDocker, project: Project): Promise<Finding[]> {
  const views = await Promise.all(
    containers.map(async (summary) => {
      const details = await engine.inspectContainer(summary.id);
      return details === undefined ? [] : [viewContainer(summary, details)];
    }),
  );
  return views.flat().map(({ service, condition }) => {
    // A server that ended with 0 was stopped; anything else has done its work.
    const isServer = project.services[service]?.["x-mybroker"] !== undefined;
    if (condition === "created" || (condition === "done" && isServer)) return stopped(service);
    if (wellConditions.includes(condition)) return fine(service, condition);
    const message = `${service} is ${condition}`;
    return { subject: service, level: "error", message, fix: `{mybroker} logs ${service}` };
  });
}

/** Whether one that starts answers already is the login's to tell. */
const wellConditions: readonly ContainerCondition[] = ["ready", "running", "starting", "done"];

function stopped(service: string): Finding {
  return {
    subject: service,
    level: "warning",
    message: `${service} is stopped`,
    fix: `{mybroker} start ${service}`,
  };
}

function judgeServices({ status }: Embedded): Finding[] {
  // What was never asked for is missed by nobody.
  const started = status?.services.filter(({ startedAt }) => startedAt !== null) ?? [];
  return started.map(({ name, state, problem }) => {
    if (state === "ready") return fine(name, "ready");
    if (state !== "failed" && state !== "unhealthy") return stopped(name);
    const message = `${name} ${state === "failed" ? "failed" : "is not ready"}: ${problem ?? "it does not say why"}`;
    return { subject: name, level: "error", message, fix: `{mybroker} logs ${name}` };
  });
}
