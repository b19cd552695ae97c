import type { ServiceStatus } from "../../../contracts/embedded-control.js";
import { type DoctorFacts, type Finding, fine } from "../check.js";
import { repairWith } from "../fix/repair-with.js";

export async function checkServices({ ground, replaced }: DoctorFacts): Promise<readonly Finding[]> {
  if (ground.runtime !== "embedded") return [];
  return judgeServices(ground.status?.services ?? [], await replaced());
}

export function judgeServices(
  services: readonly ServiceStatus[],
  replaced: ReadonlyMap<string, number>,
): Finding[] {
  return services.flatMap((service): Finding[] => {
    const pid = replaced.get(service.name);
    if (pid !== undefined) {
      const message = `a program of yours is in its place (mybroker replace, pid ${pid})`;
      return [fine("embedded.replaced", service.name, message)];
    }
    // What was never asked for is missed by nobody.
    return service.startedAt === null ? [] : [judgeService(service)];
  });
}

function judgeService({ name, state, problem }: ServiceStatus): Finding {
  const start = repairWith("start", name);
  const said = problem ?? "it does not say why";
  switch (state) {
    case "ready":
    case "starting":
    // It runs; what it waits for is found by asking it.
    case "unhealthy":
      return fine("embedded.stopped", name, state);
    case "failed": {
      // Before it starts anything, `up` says who has a port and how to free it.
      const repair = said.includes("EADDRINUSE") ? repairWith("up", name) : start;
      return {
        id: "embedded.failed",
        subject: name,
        level: "error",
        message: `${name} failed: ${said}`,
        fix: repair.command,
        repair,
      };
    }
    case "stopped":
      return {
        id: "embedded.stopped",
        subject: name,
        level: "warning",
        message: `${name} is stopped`,
        fix: start.command,
        repair: start,
      };
  }
}
