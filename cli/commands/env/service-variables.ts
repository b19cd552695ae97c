import { lookUpCredential } from "../../compose/credentials.js";
import { hostEnvironment, publishedPort } from "../../compose/host-addresses.js";
import type { MybrokerExtension, Project, Service } from "../../compose/model.js";

/** Variables by name, in the order in which they are printed. */
export type Variables = Readonly<Record<string, string>>;

/**
 * What a process on this machine needs for a service. Of a server (a database, a broker, a page with a login):
 * where it answers and how to log in. Of a program: its own environment, with the addresses that hold outside
 * the containers.
 */
export function describeServiceVariables(project: Project, name: string, host: string): Variables {
  const service = project.services[name] ?? project.disabledServices[name];
  if (service === undefined) return {};
  const extension = service["x-mybroker"];
  if (extension !== undefined && isServer(extension))
    return describeLogin({ project, name, service, extension, host });
  return {
    ...hostEnvironment(project, { service, host }),
    ...pageAddresses({ name, service, extension, host }),
  };
}

function isServer({ kind, credentials }: MybrokerExtension): boolean {
  return kind !== "service" && (kind !== "http" || credentials !== undefined);
}

interface Server {
  readonly project: Project;
  readonly name: string;
  readonly service: Service;
  readonly extension: MybrokerExtension;
  readonly host: string;
}

function describeLogin(server: Server): Variables {
  const { name, service, extension, host } = server;
  const prefix = variablePrefix(name);
  const port = publishedPort(service, extension.port);
  const { user, password, database } = loginOf(server);
  return withoutEmpty({
    [`${prefix}_HOST`]: extension.kind === "http" ? undefined : host,
    [`${prefix}_PORT`]: extension.kind === "http" ? undefined : port,
    [`${prefix}_USER`]: user,
    [`${prefix}_PASSWORD`]: password,
    [`${prefix}_DATABASE`]: database,
    [`${prefix}_BOOTSTRAP_SERVERS`]:
      extension.kind === "kafka" && port !== undefined ? `${host}:${port}` : undefined,
    [`${prefix}_URL`]: port === undefined ? undefined : buildUrl(server, port),
    [`${prefix}_UI_URL`]: uiUrl(server),
  });
}

function pageAddresses(
  page: Omit<Server, "project" | "extension"> & { extension: MybrokerExtension | undefined },
): Variables {
  const port = page.extension === undefined ? undefined : publishedPort(page.service, page.extension.port);
  return port === undefined ? {} : { [`${variablePrefix(page.name)}_URL`]: `http://${page.host}:${port}` };
}

function loginOf({ project, extension }: Server): { user?: string; password?: string; database?: string } {
  // A user or password that is empty counts as none.
  const lookUp = (key: string | undefined) => lookUpCredential(project, key) || undefined;
  const { user, password, database } = extension.credentials ?? {};
  return withoutEmpty({ user: lookUp(user), password: lookUp(password), database: lookUp(database) });
}

const schemes = {
  mysql: "mysql",
  postgres: "postgres",
  mongodb: "mongodb",
  redis: "redis",
  rabbitmq: "amqp",
} as const;

function buildUrl(server: Server, port: string): string | undefined {
  const { kind } = server.extension;
  if (kind === "kafka" || kind === "service") return undefined;
  if (kind === "http") return `http://${server.host}:${port}`;
  const { user = "", password, database } = loginOf(server);
  const login = password === undefined ? "" : `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
  const path = database === undefined ? "" : `/${encodeURIComponent(database)}`;
  // MongoDB's root user lives in the database "admin", whichever one is worked on.
  const query = kind === "mongodb" ? `${path === "" ? "/" : ""}?authSource=admin` : "";
  return `${schemes[kind]}://${login}${server.host}:${port}${path}${query}`;
}

function uiUrl({ service, extension, host }: Server): string | undefined {
  if (extension.uiPort === undefined || extension.uiPort === extension.port) return undefined;
  const port = publishedPort(service, extension.uiPort);
  return port === undefined ? undefined : `http://${host}:${port}`;
}

/** "BROKER_WALLET_DB" */
export function variablePrefix(service: string): string {
  return service.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_");
}

function withoutEmpty(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
