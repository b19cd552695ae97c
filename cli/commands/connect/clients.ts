import type { ServerKind } from "../../compose/model.js";

export interface Login {
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export interface ClientCommand {
  readonly command: readonly string[];
  /** Where the password stands: never in the arguments, which every user of the machine can list. */
  readonly env: readonly string[];
}

/** mongosh takes no password from its environment, but the script that it begins with may read it. */
const mongoLogin =
  'db = connect("mongodb://" + encodeURIComponent(process.env.LOGIN_USER) + ":" + ' +
  'encodeURIComponent(process.env.LOGIN_PASSWORD) + "@127.0.0.1:27017/?authSource=admin")';

type BuildClient = (login: Login, args: readonly string[]) => ClientCommand;

const clients: Partial<Record<ServerKind, BuildClient>> = {
  mysql: ({ user, password, database }, args) => ({
    command: ["mysql", "--protocol=tcp", "-h127.0.0.1", `-u${user}`, ...args, database],
    env: [`MYSQL_PWD=${password}`],
  }),
  postgres: ({ user, password, database }, args) => ({
    command: ["psql", "-h", "127.0.0.1", "-U", user, "-d", database, ...args],
    env: [`PGPASSWORD=${password}`],
  }),
  redis: ({ password }, args) => ({ command: ["redis-cli", ...args], env: [`REDISCLI_AUTH=${password}`] }),
  mongodb: ({ user, password }, args) => ({
    command: [
      "mongosh",
      "--quiet",
      "--nodb",
      "--eval",
      mongoLogin,
      ...(args.length > 0 ? args : ["--shell"]),
    ],
    env: [`LOGIN_USER=${user}`, `LOGIN_PASSWORD=${password}`],
  }),
  // Kafka has no prompt but a folder of tools; each finds the broker itself.
  kafka: (_login, args) => {
    const [tool = "kafka-topics.sh", ...rest] = args.length > 0 ? args : ["kafka-topics.sh", "--list"];
    return { command: [`/opt/kafka/bin/${tool}`, "--bootstrap-server", "kafka:29092", ...rest], env: [] };
  },
  rabbitmq: (_login, args) => ({
    command: ["rabbitmqctl", ...(args.length > 0 ? args : ["list_queues"])],
    env: [],
  }),
};

/** undefined where servers of this kind have no client of their own. */
export function buildClientCommand(
  kind: ServerKind,
  login: Login,
  args: readonly string[],
): ClientCommand | undefined {
  return clients[kind]?.(login, args);
}
