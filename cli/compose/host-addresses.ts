import type { Project, Service } from "./model.js";

export type Environment = Readonly<Record<string, string | null>>;
type Services = Readonly<Record<string, Service>>;

/**
 * What the service has as environment, for a process of this machine in its place: addresses that hold here, and for a
 * domain service HOST and PORT at which it listens on loopback where its container's port is published.
 */
export function hostEnvironment(
  project: Project,
  { service, host, environment = service.environment ?? {} }: HostRequest,
): Record<string, string> {
  const rewritten = rewriteAddresses(project, environment, host);
  const extension = service["x-mybroker"];
  const port = extension === undefined ? undefined : publishedPort(service, extension.port);
  if (extension?.kind !== "service" || port === undefined) return rewritten;
  return { ...rewritten, HOST: "127.0.0.1", PORT: port };
}

interface HostRequest {
  readonly service: Service;
  /** At which published ports are reached. */
  readonly host: string;
  /** Default: the service's own. */
  readonly environment?: Environment;
}

/**
 * A container's environment for a process outside: "kafka:29092" becomes the published "127.0.0.1:9092", and a
 * pair like DB_HOST=wallet-db, DB_PORT=3306 becomes host and published port. What is not published stays.
 */
function rewriteAddresses(project: Project, environment: Environment, host: string): Record<string, string> {
  const services = { ...project.disabledServices, ...project.services };
  const result: Record<string, string> = {};
  const pairs: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    // The variable passes through from the shell, which the process has anyway.
    if (value === null) continue;
    result[name] = rewriteValue(value, services, host);
    const pair = findPair([name, value], environment, services);
    if (pair !== undefined) Object.assign(pairs, { [name]: host, [pair.variable]: pair.port });
  }
  return { ...result, ...pairs };
}

function rewriteValue(value: string, services: Services, host: string): string {
  return value.replaceAll(
    /(?<![\w.-])([a-zA-Z0-9][\w.-]*):(\d{1,5})(?!\d)/g,
    (whole, name: string, port: string) => {
      const published = publishedFor(services[name], Number(port));
      return published === undefined ? whole : `${host}:${published}`;
    },
  );
}

/** DB_HOST=wallet-db with DB_PORT=3306 beside it. */
function findPair(
  [name, value]: readonly [string, string],
  environment: Environment,
  services: Services,
): { variable: string; port: string } | undefined {
  if (!/HOST(NAME)?$/.test(name)) return undefined;
  const variable = name.replace(/HOST(NAME)?$/, "PORT");
  const port = publishedFor(services[value], Number(environment[variable] ?? Number.NaN));
  return port === undefined ? undefined : { variable, port };
}

/**
 * Kafka tells its clients where to go on, and has one listener for containers and one for the host: any of its
 * ports stands for the one that the host reaches.
 */
function publishedFor(service: Service | undefined, target: number): string | undefined {
  const extension = service?.["x-mybroker"];
  const wanted = extension?.kind === "kafka" ? extension.port : target;
  return publishedPort(service, wanted);
}

/** The host port of a container port, where the file fixes one. */
export function publishedPort(service: Service | undefined, target: number): string | undefined {
  const port = service?.ports?.find(
    (candidate) => candidate.target === target && candidate.protocol !== "udp",
  );
  return port?.published !== undefined && /^\d+$/.test(port.published) ? port.published : undefined;
}
