import type { Project, ServerKind, Service } from "../compose/model.js";

/** An environment variable of a service whose value holds secrets: "MYSQL_PASSWORD" of broker-wallet-db. */
export interface SecretPlace {
  readonly service: string;
  readonly variable: string;
  /** The value as the model has it, with sentinels in place of secrets. */
  readonly template: string;
  /** Names of the .env keys, in the order in which they stand in the value. */
  readonly keys: readonly string[];
  /** Engine names of the volumes that keep what the server made of it; empty where nothing does. */
  readonly volumes: readonly string[];
}

/**
 * Servers that read their password anew at every start: Redis from its settings, RabbitMQ from the definitions
 * that it imports, Kafka has none. All others (the databases, Grafana, a user's own) write it into their
 * volume at the first start and never look at the variable again.
 */
const kindsThatReadAnew: ReadonlySet<ServerKind | undefined> = new Set(["redis", "rabbitmq", "kafka"]);

/** Where the given values (of secrets, or sentinels that stand for them) reach an environment of the project. */
export function findSecretPlaces(project: Project, values: ReadonlyMap<string, string>): SecretPlace[] {
  const services = { ...project.disabledServices, ...project.services };
  return Object.entries(services).flatMap(([name, service]) =>
    Object.entries(service.environment ?? {}).flatMap(([variable, template]) => {
      const keys = keysInside(template ?? "", values);
      if (template === null || keys.length === 0) return [];
      return [{ service: name, variable, template, keys, volumes: passwordVolumes(project, service) }];
    }),
  );
}

/**
 * The keys with names of users and databases (x-mybroker's credentials) of services whose volume, as far as
 * `exists` says, was made with them.
 */
export function findAccountNames(project: Project, exists: (volume: string) => boolean): string[] {
  const services = Object.values({ ...project.disabledServices, ...project.services });
  const names = services.flatMap((service) => {
    if (!passwordVolumes(project, service).some(exists)) return [];
    const credentials = service["x-mybroker"]?.credentials;
    return [credentials?.user, credentials?.database].filter((key) => key !== undefined);
  });
  return [...new Set(names)];
}

function keysInside(template: string, values: ReadonlyMap<string, string>): string[] {
  const found = [...values].filter(([, value]) => value !== "" && template.includes(value));
  return found
    .sort(([, left], [, right]) => template.indexOf(left) - template.indexOf(right))
    .map(([key]) => key);
}

function passwordVolumes(project: Project, service: Service): string[] {
  if (kindsThatReadAnew.has(service["x-mybroker"]?.kind)) return [];
  return (service.volumes ?? []).flatMap(({ type, source }) => {
    const volume = type === "volume" && source !== undefined ? project.volumes[source] : undefined;
    return volume === undefined ? [] : [volume.name];
  });
}

/**
 * Reads the secrets back out of a container's value: the template "mongodb://root:SENTINEL@db" against
 * "mongodb://root:abc@db" gives abc. undefined where the value has another shape.
 */
export function readFromPlace(
  place: SecretPlace,
  actual: string,
  sentinels: ReadonlyMap<string, string>,
): Map<string, string> | undefined {
  let pattern = escapePattern(place.template);
  for (const [index, key] of place.keys.entries()) {
    const sentinel = escapePattern(sentinels.get(key) ?? "");
    // A secret that stands twice in one value has to be the same both times.
    pattern = pattern.replace(sentinel, `(?<k${index}>.+)`).replaceAll(sentinel, `\\k<k${index}>`);
  }
  const groups = new RegExp(`^${pattern}$`, "s").exec(actual)?.groups;
  if (groups === undefined) return undefined;
  return new Map(place.keys.map((key, index) => [key, groups[`k${index}`] ?? ""]));
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
