import type { ServerKind } from "../compose/model.js";
import { parseImageReference } from "../engine/image-reference.js";

/** Whether a server takes the data of another version: as they are, by converting them for good, or not. */
export type DataVerdict = "fits" | "converts" | "refuses";

/** The numbers of a version, as many as are known: "8.0.46-1.el9" is [8, 0, 46]. */
export type Version = readonly number[];

interface DataServer {
  readonly name: string;
  /** Variable of the official image that says its version; Kafka's has none. */
  readonly variable?: string;
  judge(data: Version, server: Version): DataVerdict;
}

const servers: Partial<Record<ServerKind, DataServer>> = {
  mysql: { name: "MySQL", variable: "MYSQL_VERSION", judge: judgeMysql },
  // A data directory belongs to one major version, in both directions (PostgreSQL manual, 18.6).
  postgres: {
    name: "PostgreSQL",
    variable: "PG_VERSION",
    judge: ([a], [b]) => (a === b ? "fits" : "refuses"),
  },
  // One major version at a time, and never back (MongoDB manual, release notes: upgrade, downgrade).
  mongodb: { name: "MongoDB", variable: "MONGO_VERSION", judge: stepwise },
  // What is required to be enabled before an upgrade is so in data that the version before it made.
  rabbitmq: { name: "RabbitMQ", variable: "RABBITMQ_VERSION", judge: stepwise },
  // Any KRaft data from 3.3 on; a format that is newer than the server stops it (Kafka documentation, upgrading).
  kafka: { name: "Kafka", judge: upwards },
  // Reads every older file; an older server stops at a newer one's.
  redis: { name: "Redis", variable: "REDIS_VERSION", judge: upwards },
};

/** How a server of the kind is called; undefined for one that keeps no data of a version. */
export function serverName(kind: ServerKind): string | undefined {
  return servers[kind]?.name;
}

/** Unknown numbers are not held against anyone. */
export function judgeData(kind: ServerKind, data: Version, server: Version): DataVerdict {
  return servers[kind]?.judge(data, server) ?? "fits";
}

/** Of an image, by what it says of itself (`NAME=value` lines), else by its tag; undefined where neither tells. */
export function findVersion(
  kind: ServerKind,
  image: { readonly env: readonly string[]; readonly reference: string },
): string | undefined {
  const variable = servers[kind]?.variable;
  const line =
    variable === undefined ? undefined : image.env.find((entry) => entry.startsWith(`${variable}=`));
  const said = line?.slice(line.indexOf("=") + 1) ?? parseImageReference(image.reference).version;
  return /^v?(\d+(?:\.\d+)*)/.exec(said)?.[1];
}

export function parseVersion(text: string): Version {
  return text.split(".").map(Number);
}

/** Negative where `a` is older, as far as both are known. */
function compare(a: Version, b: Version): number {
  for (const [index, number] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 0;
    if (number !== other) return number - other;
  }
  return 0;
}

const seriesOf = (version: Version): Version => version.slice(0, 2);

function upwards(data: Version, server: Version): DataVerdict {
  if (compare(seriesOf(data), seriesOf(server)) > 0) return "refuses";
  return data[0] === server[0] ? "fits" : "converts";
}

function stepwise(data: Version, server: Version): DataVerdict {
  const steps = (server[0] ?? 0) - (data[0] ?? 0);
  return steps > 1 ? "refuses" : upwards(data, server);
}

/** The last series of a major version, the only one that the next major version takes data of. */
const lastMysqlSeries: Readonly<Record<number, number>> = { 8: 4, 9: 7 };

/** MySQL manual, "Upgrade Paths" and "Downgrade Paths": back only within an LTS series. */
function judgeMysql(data: Version, server: Version): DataVerdict {
  const [major = 0, minor] = data;
  const isLts = lastMysqlSeries[major] === minor;
  if (compare(data, server) > 0) {
    return isLts && compare(seriesOf(data), seriesOf(server)) === 0 ? "fits" : "refuses";
  }
  if (server[0] !== major && minor !== undefined && !isLts) return "refuses";
  const verdict = stepwise(data, server);
  return verdict === "fits" && compare(seriesOf(data), seriesOf(server)) < 0 ? "converts" : verdict;
}
