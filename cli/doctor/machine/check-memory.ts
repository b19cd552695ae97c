import type { Service } from "../../compose/model.js";
import { countOf, formatMemory } from "../../output/units.js";
import { type DoctorFacts, type Finding, fine } from "../check.js";

/** The engine itself and the page cache want a share. */
const usableShare = 0.85;

/** What the running containers reserve and may take at most, against what the engine has. */
export async function checkMemory({ ground, project, containers }: DoctorFacts): Promise<Finding[]> {
  if (ground.runtime !== "docker" || ground.engine.facts.memoryBytes === 0) return [];
  const running = (await containers()).filter(({ details }) => details.State.Running);
  const services = running.flatMap(({ service }) => {
    const definition = project.services[service];
    return definition === undefined ? [] : [{ name: service, definition }];
  });
  return services.length === 0 ? [] : [judgeMemory(services, ground.engine.facts.memoryBytes)];
}

interface RunningService {
  readonly name: string;
  readonly definition: Service;
}

export function judgeMemory(services: readonly RunningService[], engineBytes: number): Finding {
  const id = "machine.memory-short";
  const sum = (read: (service: Service) => number) =>
    services.reduce((total, { definition }) => total + read(definition), 0);
  const [reserved, limited] = [sum(reservationOf), sum(limitOf)];
  const facts =
    `${countOf(services.length, "container")} reserve ${formatMemory(reserved)}, ` +
    `may take ${formatMemory(limited)}; the engine has ${formatMemory(engineBytes)}`;
  if (reserved <= engineBytes * usableShare) return fine(id, "memory", facts);
  // Pages to look at are what the brokerage can do without.
  const spare = services.filter(({ definition }) => definition["x-mybroker"]?.kind === "http");
  const names = (spare.length > 0 ? spare : services.slice(-1)).map(({ name }) => name);
  return {
    id,
    subject: "memory",
    level: "warning",
    message: facts,
    fix: `{mybroker} stop ${names.join(" ")}`,
  };
}

function limitOf({ deploy, mem_limit }: Service): number {
  return Number(deploy?.resources.limits?.memory ?? mem_limit ?? 0);
}

function reservationOf(service: Service): number {
  const reserved = Number(service.deploy?.resources.reservations?.memory ?? service.mem_reservation ?? 0);
  return reserved > 0 ? reserved : limitOf(service);
}
