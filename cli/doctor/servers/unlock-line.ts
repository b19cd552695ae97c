import type { ServerKind } from "../../compose/model.js";
import type { ProbeTarget } from "../../ready/probe.js";
import type { DoctorFacts } from "../check.js";

/**
 * What makes a server take the password of .env again. It is run in the container, which has the password in its
 * environment, so that none stands in the line. MySQL and Grafana let their administrator do it, PostgreSQL whoever is
 * on its own socket.
 */
const inContainer: Readonly<Partial<Record<ServerKind, string>>> = {
  mysql: `MYSQL_PWD="$MYSQL_ROOT_PASSWORD" mysql -uroot -e "ALTER USER $MYSQL_USER IDENTIFIED BY '$MYSQL_PASSWORD'"`,
  postgres: `psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "ALTER ROLE $POSTGRES_USER PASSWORD \\$\\$$POSTGRES_PASSWORD\\$\\$"`,
  // Without any user left MongoDB lets its own host make the first one.
  mongodb: `mongosh --quiet admin --eval 'const e=process.env; db.createUser({user:e.MONGO_INITDB_ROOT_USERNAME,pwd:e.MONGO_INITDB_ROOT_PASSWORD,roles:["root"]})'`,
  http: 'grafana cli admin reset-admin-password "$GF_SECURITY_ADMIN_PASSWORD"',
};
/** Kinds that write the password into their volume at their first start. */
const keepsPassword: readonly ServerKind[] = ["mysql", "postgres", "mongodb", "http"];

/** The line that ends a refused login. */
export async function findUnlockLine(facts: DoctorFacts, target: ProbeTarget): Promise<string> {
  const { service, extension, password = "" } = target;
  if (facts.ground.runtime === "embedded") return "{mybroker} up";
  const container = (await facts.containers()).find((each) => each.service === service);
  const known = container?.details.Config.Env?.some((entry) => entry.endsWith(`=${password}`)) ?? false;
  const script = inContainer[extension.kind];
  if (known) {
    return script === undefined ? `{mybroker} restart ${service}` : runInside(service, script);
  }
  const key = extension.credentials?.password;
  // .env was changed after the container was made, which still has the value that the volume knows: init finds it there.
  return keepsPassword.includes(extension.kind) && key !== undefined
    ? `sed -i.bak '/^${key}=/d' .env && {mybroker} init`
    : "{mybroker} up";
}

/** One line for a shell of the container. */
export function runInside(service: string, script: string): string {
  return `{mybroker} exec ${service} sh -c '${script.replaceAll("'", `'\\''`)}'`;
}
