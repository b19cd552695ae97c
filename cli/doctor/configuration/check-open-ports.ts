import type { Port } from "../../compose/model.js";
import { type DoctorFacts, type Finding, fine } from "../check.js";
import { editCommand } from "../edit-command.js";

/** The passwords of a developer's stack are no match for a network; embedded servers never listen on one. */
export async function checkOpenPorts({ ground, project, placeOf }: DoctorFacts): Promise<readonly Finding[]> {
  if (ground.runtime === "embedded") return [];
  const found = await Promise.all(
    Object.entries(project.services).map(async ([name, { ports = [] }]) => {
      const open = ports.flatMap((port, index) => (isOpen(port) ? [{ port, index }] : []));
      return Promise.all(
        open.map(async ({ port, index }) =>
          describeOpenPort({ service: name, port, place: await placeOf(["services", name, "ports", index]) }),
        ),
      );
    }),
  );
  const findings = found.flat();
  return findings.length > 0 ? findings : [fine("config.open-port", "ports", "published on 127.0.0.1 alone")];
}

export function isOpen({ host_ip: address = "" }: Pick<Port, "host_ip">): boolean {
  return !/^(127\.|\[?::1\]?$|localhost$)/.test(address);
}

function describeOpenPort(found: {
  readonly service: string;
  readonly port: Port;
  readonly place: string | undefined;
}): Finding {
  const { service, port, place = "docker-compose.yml:1" } = found;
  const { host_ip: address = "0.0.0.0", published = "a free port", target } = port;
  return {
    id: "config.open-port",
    subject: service,
    level: "warning",
    message: `${place} publishes port ${target} of ${service} on ${address}:${published}, for every machine that reaches this one`,
    evidence: [place],
    fix: editCommand(place),
  };
}
