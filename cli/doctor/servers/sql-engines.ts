import type { ProbeTarget } from "../../ready/probe.js";
import type { LoginSession } from "../../ready/servers/login-session.js";
import { openMysql } from "../../ready/servers/mysql.js";
import { openPostgres } from "../../ready/servers/postgres.js";

type Row = Readonly<Record<string, unknown>>;

/** A login as the application's user. */
export interface SqlClient {
  query(statement: string): Promise<readonly Row[]>;
}

export interface SqlEngine {
  readonly kind: "mysql" | "postgres";
  open(target: ProbeTarget, session: LoginSession): Promise<SqlClient>;
  /** One row with `read_only`: 0 or 1. */
  readonly readOnly: string;
  readonly schema: string;
  /** PostgreSQL's is never seen by anybody else; MySQL commits at each. */
  scratch(name: string): readonly string[];
  /** Codes of errors that say: not with this user's rights; not with this server at present. */
  readonly noRights: readonly string[];
  readonly grant: string;
  /** Lines for a shell of the container. */
  readonly unlock: string;
}

const fill = (name: string) => [
  `create table ${name} (id int primary key)`,
  `insert into ${name} (id) values (1)`,
  `select id from ${name}`,
  `drop table ${name}`,
];

const mysql: SqlEngine = {
  kind: "mysql",
  open: async (target, session) => {
    const connection = await openMysql(target, session);
    return { query: async (statement) => (await connection.query(statement))[0] as unknown as Row[] };
  },
  readOnly: "select @@global.read_only or @@global.super_read_only as read_only",
  schema: "database()",
  scratch: fill,
  noRights: ["1044", "1142", "1143", "1227"],
  grant: `MYSQL_PWD="$MYSQL_ROOT_PASSWORD" mysql -uroot -e "GRANT ALL ON $MYSQL_DATABASE.* TO $MYSQL_USER"`,
  unlock: `MYSQL_PWD="$MYSQL_ROOT_PASSWORD" mysql -uroot -e "SET GLOBAL super_read_only=OFF; SET GLOBAL read_only=OFF"`,
};

const postgres: SqlEngine = {
  kind: "postgres",
  open: async (target, session) => {
    const client = await openPostgres(target, session);
    return { query: async (statement) => (await client.query(statement)).rows as Row[] };
  },
  readOnly:
    "select (pg_is_in_recovery() or current_setting('default_transaction_read_only') = 'on')::int as read_only",
  schema: "current_schema()",
  scratch: (name) => ["begin", ...fill(name), "commit"],
  noRights: ["42501"],
  grant: `psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "GRANT ALL ON SCHEMA public TO $POSTGRES_USER"`,
  unlock: `psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "SET default_transaction_read_only=off" -c "ALTER DATABASE $POSTGRES_DB RESET default_transaction_read_only" -c "ALTER ROLE $POSTGRES_USER RESET default_transaction_read_only"`,
};

export const sqlEngines: Readonly<Record<SqlEngine["kind"], SqlEngine>> = { mysql, postgres };

export async function listTables(client: SqlClient, { schema }: SqlEngine): Promise<string[]> {
  const rows = await client.query(
    `select table_name as name from information_schema.tables where table_schema = ${schema}`,
  );
  return rows.map(({ name, NAME }) => String(name ?? NAME));
}
