import { createHash } from "node:crypto";
import { type EmbeddedKind, embeddedKinds, type ServiceSetting } from "../../contracts/embedded-control.js";
import { topics as agreedTopics } from "../../contracts/topology.js";
import { lookUpCredential } from "../compose/credentials.js";
import type { MybrokerExtension, Project, Service } from "../compose/model.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { collectFiles } from "../reconcile/inline-files.js";
import { embeddedEnvironment } from "./embedded-environment.js";
import { type Place, storePathOf } from "./place.js";

/** Where the image of RabbitMQ reads its definitions from (load_definitions in the shipped file). */
const definitionsTarget = /\/definitions\.json$/;

interface EmbeddableService {
  readonly name: string;
  readonly kind: EmbeddedKind;
  readonly extension: MybrokerExtension;
  readonly service: Service;
}

/** The services of the project that have an embedded form, in the order of the file. */
export function embeddableServices(project: Project): EmbeddableService[] {
  return Object.entries(project.services).flatMap(([name, service]) => {
    const extension = service["x-mybroker"];
    const kind = embeddedKinds.find((known) => known === extension?.kind);
    return extension === undefined || kind === undefined ? [] : [{ name, kind, extension, service }];
  });
}

/** Services of the project that run in Docker only. */
export function dockerOnlyServices(project: Project): string[] {
  const embeddable = new Set(embeddableServices(project).map(({ name }) => name));
  return Object.keys(project.services).filter((name) => !embeddable.has(name));
}

/** What the process has to know of each service; those in `start` are started. */
export function describeServices(
  project: Project,
  start: ReadonlySet<string>,
  place: Pick<Place, "dataFolder">,
): ServiceSetting[] {
  return embeddableServices(project).map((found) => {
    const facts = describers[found.kind]?.(project, found, place) ?? { basis: {} };
    return { name: found.name, kind: found.kind, start: start.has(found.name), ...facts };
  });
}

type Facts = Omit<ServiceSetting, "name" | "kind" | "start">;

/** A store needs no more than its name: whoever may open its file may use it. */
const describers: Partial<Record<EmbeddedKind, Describe>> = {
  kafka: describeKafka,
  rabbitmq: describeRabbitmq,
  service: describeDomainService,
};

type Describe = (project: Project, found: EmbeddableService, place: Pick<Place, "dataFolder">) => Facts;

function describeKafka(_project: Project, { extension, service }: EmbeddableService): Facts {
  const port = hostPort(service, extension);
  const topics = (extension.topics ?? []).map((name) => ({
    name,
    // Three is what the compose file gives a topic that nobody says more of.
    partitions: agreedTopics.find((topic) => topic.name === name)?.partitions ?? 3,
  }));
  return { port, topics, basis: digestEach({ port, topics }) };
}

function describeRabbitmq(project: Project, { name, extension, service }: EmbeddableService): Facts {
  const port = hostPort(service, extension);
  const user = lookUpCredential(project, extension.credentials?.user) ?? "guest";
  const password = lookUpCredential(project, extension.credentials?.password) ?? "guest";
  const definitions = findDefinitions(project, name);
  const { users: _, permissions: __, ...topology } = definitions;
  return {
    port,
    user,
    password,
    definitions,
    basis: digestEach({ port, user, password, definitions: topology }),
  };
}

/** The definitions that the compose file gives a RabbitMQ, parsed; empty without any. @throws MybrokerError, exit 2 */
export function findDefinitions(project: Project, name: string): Readonly<Record<string, unknown>> {
  const service = project.services[name];
  const inline = service === undefined ? [] : collectFiles(project, service).inline;
  const file = inline.find(({ target }) => definitionsTarget.test(target));
  return file === undefined ? {} : parseDefinitions(file.content, `${file.key} of ${name}`);
}

/** Each setting has a digest of its own, so that a restart can say which one changed. */
function describeDomainService(...[project, { service, extension }, place]: Parameters<Describe>): Facts {
  const env = embeddedEnvironment(project, service, (store) => storePathOf(place, store));
  return { port: hostPort(service, extension), env, basis: digestEach(env) };
}

function parseDefinitions(text: string, place: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
    throw new Error("it is no object");
  } catch (error) {
    throw new MybrokerError({
      code: "compose.bad-definitions",
      message: `${place} is no JSON object: ${(error as Error).message}`,
      hint: "correct it in the compose file",
      exitCode: exitCodes.usage,
    });
  }
}

/** The published port of the protocol, or the protocol's own where the file publishes none. */
export function hostPort(service: Service, extension: MybrokerExtension): number {
  const published = service.ports?.find(
    ({ target, protocol }) => target === extension.port && protocol !== "udp",
  )?.published;
  return published !== undefined && /^\d+$/.test(published) ? Number(published) : extension.port;
}

function digestEach(facts: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, digest(value)]));
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}
