import type { ServerKind, Service } from "../compose/model.js";

/** A login whose password the server wrote into its volume at its first start. */
export interface StoredAccount {
  /** The variable of the service's environment that the password came from: "MYSQL_ROOT_PASSWORD". */
  readonly variable: string;
  readonly user: string;
  readonly password: string;
}

interface AccountRule {
  readonly password: string;
  /** The variable with the user's name. */
  readonly user?: string;
  readonly defaultUser?: string;
}

/** As the images document them; images that read their password at each start (Redis, RabbitMQ, Kafka UI) have none. */
const rules: Readonly<Partial<Record<ServerKind, readonly AccountRule[]>>> = {
  mysql: [
    { password: "MYSQL_ROOT_PASSWORD", defaultUser: "root" },
    { password: "MYSQL_PASSWORD", user: "MYSQL_USER" },
  ],
  postgres: [{ password: "POSTGRES_PASSWORD", user: "POSTGRES_USER", defaultUser: "postgres" }],
  mongodb: [{ password: "MONGO_INITDB_ROOT_PASSWORD", user: "MONGO_INITDB_ROOT_USERNAME" }],
  // The only page of ours that stores its login.
  http: [{ password: "GF_SECURITY_ADMIN_PASSWORD", user: "GF_SECURITY_ADMIN_USER", defaultUser: "admin" }],
};

/** The accounts of a service whose passwords changePassword has to change, with today's passwords. */
export function storedAccounts(service: Service): StoredAccount[] {
  const kind = service["x-mybroker"]?.kind;
  const environment = service.environment ?? {};
  return (kind === undefined ? [] : (rules[kind] ?? [])).flatMap((rule) => {
    const password = environment[rule.password];
    const named = rule.user === undefined ? undefined : environment[rule.user];
    const user = named === undefined || named === null || named === "" ? rule.defaultUser : named;
    if (password === undefined || password === null || password === "" || user === undefined) return [];
    return [{ variable: rule.password, user, password }];
  });
}
