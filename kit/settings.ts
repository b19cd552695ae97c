import type { CacheSettings } from "./cache/cache.js";
import type { DocumentSettings } from "./documents/documents.js";
import type { DatabaseSettings } from "./sql/database.js";

export type Env = Readonly<Record<string, string | undefined>>;

/** Reads one setting, or several that belong together. @throws SettingError */
export type Reader<T> = (env: Env) => T;

/** Settings that are missing or wrong: every one of them, so that they are mended at once. */
export class SettingError extends Error {
  readonly code = "SETTING";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("; "));
    this.problems = problems;
  }
}

/** Where a service listens; port 0: a free one. */
export interface ListenSettings {
  readonly host: string;
  readonly port: number;
}

/** RABBITMQ_*; the rest of what connectRabbitmq needs is its caller's. */
export interface RabbitmqLogin {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** All that the readers read. @throws SettingError with the problems of all readers */
export function readSettings<T extends object>(
  env: Env,
  readers: { readonly [K in keyof T]: Reader<T[K]> },
): T {
  const problems: string[] = [];
  const values = Object.entries(readers).map(([name, read]) => {
    try {
      return [name, (read as Reader<unknown>)(env)];
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      problems.push(...error.problems);
      return [name, undefined];
    }
  });
  if (problems.length > 0) throw new SettingError(problems);
  return Object.fromEntries(values) as T;
}

/** A text; an empty one counts as missing, unless the default is empty. */
export function text(name: string, fallback?: string): Reader<string> {
  return (env) => {
    const value = env[name] || fallback;
    if (value === undefined) throw new SettingError([`${name} is missing`]);
    return value;
  };
}

/** A whole number from `minimum` to `maximum`. */
export function integer(
  name: string,
  { minimum, maximum, fallback }: { minimum: number; maximum: number; fallback?: number },
): Reader<number> {
  return (env) => {
    const value = text(name, fallback?.toString())(env);
    const number = Number(value);
    if (!/^\d{1,15}$/.test(value) || number < minimum || number > maximum) {
      throw new SettingError([`${name} is ${value}, not a whole number from ${minimum} to ${maximum}`]);
    }
    return number;
  };
}

/** A text that is one of the choices. */
export function oneOf<const T extends string>(
  name: string,
  choices: readonly T[],
  fallback?: NoInfer<T>,
): Reader<T> {
  return (env) => {
    const value = text(name, fallback)(env);
    const choice = choices.find((known) => known === value);
    if (choice === undefined) throw new SettingError([`${name} is ${value}, not ${choices.join(" or ")}`]);
    return choice;
  };
}

/** "true" or "false". */
export function flag(name: string, fallback?: boolean): Reader<boolean> {
  const read = oneOf(
    name,
    ["true", "false"],
    fallback === undefined ? undefined : fallback ? "true" : "false",
  );
  return (env) => read(env) === "true";
}

/** The base of a service: "http://broker-order:8088", without a slash at its end. */
export function httpUrl(name: string, fallback?: string): Reader<string> {
  const read = text(name, fallback);
  return (env) => {
    const value = read(env);
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (url?.protocol !== "http:" || url.username !== "" || url.search !== "" || url.hash !== "") {
      throw new SettingError([`${name} is not an address such as http://127.0.0.1:8080`]);
    }
    return url.href.replace(/\/+$/, "");
  };
}

/** HOST (default 127.0.0.1) and PORT. */
export const readListenSettings: Reader<ListenSettings> = (env) =>
  readSettings<ListenSettings>(env, {
    host: text("HOST", "127.0.0.1"),
    port: integer("PORT", { minimum: 0, maximum: 65_535 }),
  });

/** DATABASE_URL, DATABASE_USER, DATABASE_PASSWORD: sqlite:///absolute/file, mysql://host:port/name or postgres://… */
export const readDatabaseSettings: Reader<DatabaseSettings> = (env) => {
  const { kind, path, ...server } = readStoreUrl(env, "DATABASE_URL", ["mysql", "postgres", "sqlite"]);
  return kind === "sqlite" ? { kind, path } : { kind, ...server, ...readLogin(env, "DATABASE") };
};

/** CACHE_URL, CACHE_PASSWORD: sqlite:///absolute/file or redis://host:port. */
export const readCacheSettings: Reader<CacheSettings> = (env) => {
  const { kind, path, host, port } = readStoreUrl(env, "CACHE_URL", ["redis", "sqlite"]);
  return kind === "sqlite" ? { kind, path } : { kind, host, port, password: text("CACHE_PASSWORD")(env) };
};

/** MONGODB_URL, MONGODB_USER, MONGODB_PASSWORD: sqlite:///absolute/file or mongodb://host:port/name. */
export const readDocumentSettings: Reader<DocumentSettings> = (env) => {
  const { kind, path, ...server } = readStoreUrl(env, "MONGODB_URL", ["mongodb", "sqlite"]);
  return kind === "sqlite" ? { kind, path } : { kind, ...server, ...readLogin(env, "MONGODB") };
};

/** KAFKA_BROKERS: "host:port", or several with commas. */
export const readKafkaBrokers: Reader<string[]> = (env) => {
  const brokers = text("KAFKA_BROKERS")(env).split(",");
  const wrong = brokers.find((broker) => !/^[\w.-]+:\d{1,5}$/.test(broker));
  if (wrong !== undefined) throw new SettingError([`KAFKA_BROKERS has ${wrong}, which is not host:port`]);
  return brokers;
};

/** RABBITMQ_URL (amqp://host:port), RABBITMQ_USER, RABBITMQ_PASSWORD. */
export const readRabbitmqSettings: Reader<RabbitmqLogin> = (env) => {
  const { host, port } = readStoreUrl(env, "RABBITMQ_URL", ["amqp"]);
  return { host, port, ...readLogin(env, "RABBITMQ") };
};

function readLogin(env: Env, prefix: string): { user: string; password: string } {
  return readSettings(env, { user: text(`${prefix}_USER`), password: text(`${prefix}_PASSWORD`) });
}

const defaultPorts: Readonly<Record<string, number>> = {
  mysql: 3306,
  postgres: 5432,
  redis: 6379,
  mongodb: 27017,
  amqp: 5672,
};
const needsDatabase = ["mysql", "postgres", "mongodb"];

/**
 * `path` is of sqlite only, all that follows its "sqlite://", without escapes; the others' parts are of servers only.
 */
function readStoreUrl<const K extends string>(env: Env, name: string, kinds: readonly K[]) {
  const value = text(name)(env);
  const kind = kinds.find((known) => value.startsWith(`${known}://`));
  const rest = value.slice(value.indexOf("://") + 3);
  const match = /^([\w.-]+|\[[0-9a-f:]+\])(?::(\d{1,5}))?(?:\/([\w-]*))?$/i.exec(rest);
  const [, host = "", port, database = ""] = match ?? [];
  const right =
    kind === "sqlite"
      ? rest.startsWith("/")
      : match !== null && (database !== "" || !needsDatabase.includes(String(kind)));
  if (kind === undefined || !right) {
    // Not the value: a login may have been put into it.
    throw new SettingError([`${name} is not an address that begins with ${kinds.join(":// or ")}://`]);
  }
  return { kind, path: rest, host, port: Number(port ?? defaultPorts[kind]), database };
}
