import type { DatabaseSettings } from "../../../kit/sql/database.js";
import { type ComposeStack, prepareComposeStack } from "../../support/compose-stack.js";

/** The servers of docker-compose.yml that stores stand on, one of each kind. */
export interface EngineStores {
  readonly mysql: DatabaseSettings;
  readonly postgres: DatabaseSettings;
  readonly mongodb: ServerAddress;
  readonly redis: ServerAddress;
  /** Their processes stand still; connections stay. */
  pause(): Promise<void>;
  unpause(): Promise<void>;
  /** As the administrator. */
  administer(kind: "mysql" | "postgres", statement: string): Promise<void>;
  remove(): Promise<void>;
}

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

const services = {
  mysql: "broker-order-db",
  postgres: "b3-core-db",
  mongodb: "broker-mongodb",
  redis: "broker-asset-cache",
};

/** For a shell of the container. */
const consoles = {
  mysql: 'MYSQL_PWD="$MYSQL_ROOT_PASSWORD" mysql -uroot -e "$STATEMENT"',
  postgres:
    'PGOPTIONS="-c default_transaction_read_only=off" psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "$STATEMENT"',
};

export async function startEngineStores(): Promise<EngineStores> {
  const stack = await prepareComposeStack(`mybroker-stores-${process.pid}`);
  try {
    await stack.compose("up", "--detach", "--wait", ...Object.values(services));
  } catch (error) {
    await stack.remove();
    throw error;
  }
  return {
    mysql: { kind: "mysql", ...addressOf(stack, services.mysql) },
    postgres: { kind: "postgres", ...addressOf(stack, services.postgres) },
    mongodb: addressOf(stack, services.mongodb),
    redis: addressOf(stack, services.redis),
    pause: async () => void (await stack.compose("pause")),
    unpause: async () => void (await stack.compose("unpause")),
    administer: async (kind, statement) => {
      const words = [
        "exec",
        "-T",
        "-e",
        `STATEMENT=${statement}`,
        services[kind],
        "sh",
        "-c",
        consoles[kind],
      ];
      await stack.compose(...words);
    },
    remove: () => stack.remove(),
  };
}

function addressOf(stack: ComposeStack, service: string) {
  const { host, port, user = "", password = "", database = "" } = stack.target(service);
  return { host, port, user, password, database };
}
