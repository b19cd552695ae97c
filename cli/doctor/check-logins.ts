import type { ServiceStatus } from "../../contracts/embedded-control.js";
import { composeLabels } from "../compose/label-names.js";
import type { ProbeTarget } from "../ready/probe.js";
import { probeServer } from "../ready/probe-server.js";
import { findTarget } from "../ready/target.js";
import { actOnService } from "../runtime/control-client.js";
import type { Place } from "../runtime/place.js";
import { targetOf } from "../runtime/probe-services.js";
import { type DoctorFacts, type Finding, fine } from "./check.js";

/** For the first answer and the login together. */
const probeTimeoutMs = 3_000;

/** Logs in to every server that runs, with the client that services use; embedded stores check themselves. */
export async function checkLogins({ ground, project }: DoctorFacts): Promise<readonly Finding[]> {
  if (ground.runtime === "docker") {
    const { engine, containers } = ground;
    const running = containers.filter(({ state }) => state === "running");
    const names = new Set(running.map(({ labels }) => labels[composeLabels.service] ?? ""));
    const found = [...names].map(async (service) => {
      const target = await findTarget({ engine, project, service });
      return target === undefined ? [] : [await logIn(target)];
    });
    return (await Promise.all(found)).flat();
  }
  const ready = ground.status?.services.filter(({ state }) => state === "ready") ?? [];
  return Promise.all(
    ready.map(async (service) => {
      const target = service.address === null ? undefined : targetOf(project, service.name);
      return target === undefined ? checkInside(ground.place, service) : logIn(target);
    }),
  );
}

async function logIn(target: ProbeTarget): Promise<Finding> {
  const { service, host, port } = target;
  const answer = await probeServer(target, probeTimeoutMs);
  if (answer.ready) return fine(service, answer.detail);
  const denied = answer.reason === "denied";
  return {
    subject: service,
    level: "error",
    message: `${service} at ${host}:${port} ${denied ? "refuses the login of .env" : "does not answer as it should"}: ${answer.detail}`,
    fix: denied ? "{mybroker} up" : `{mybroker} logs ${service}`,
  };
}

async function checkInside(place: Place, { name, path }: ServiceStatus): Promise<Finding> {
  const status = await actOnService(place, name, "check");
  if (status !== undefined && status.problem === null) return fine(name, path ?? "GET /health/ready 200");
  const message = `${name} cannot be used: ${status?.problem ?? "the process ended meanwhile"}`;
  return { subject: name, level: "error", message, fix: `{mybroker} logs ${name}` };
}
