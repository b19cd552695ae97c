import { createHash } from "node:crypto";
import { expressionBuilder, sql } from "kysely";
import type { Role } from "../../../contracts/rest.js";
import type { SqlTimestamp, Timestamp } from "../../../kit/sql/columns.js";
import type { Database } from "../../../kit/sql/database.js";
import type { Accounts } from "../app/ports.js";
import { windowMs } from "../domain/login-limit.js";
import type { Account } from "../domain/user.js";

interface UsersTable {
  readonly user_id: string;
  readonly name: string;
  readonly email: string;
  readonly password_hash: string;
  readonly role: Role;
  readonly created_at: SqlTimestamp;
  /** 1 or 0. */
  readonly seed_password: number;
}

export interface IdentitySchema {
  readonly users: UsersTable;
  readonly login_failures: { readonly account: string; readonly failures: number; readonly began_ms: number };
}

export function createAccounts({ db, dialect }: Database<IdentitySchema>): Accounts {
  const find = async (column: "email" | "user_id", value: string) => {
    const row = await db.selectFrom("users").selectAll().where(column, "=", value).executeTakeFirst();
    return row === undefined ? undefined : toAccount(row);
  };
  return {
    findByEmail: (email) => find("email", email),
    findById: (userId) => find("user_id", userId),
    list: async ({ before, limit }) => {
      const query = db.selectFrom("users").selectAll().where("user_id", "<", before);
      return (await query.orderBy("user_id", "desc").limit(limit).execute()).map(toAccount);
    },
    add: ({ userId, name, email, role, passwordHash, hasSeedPassword }) =>
      dialect.insertIgnore(
        db.insertInto("users").values({
          user_id: userId,
          name,
          email,
          password_hash: passwordHash,
          role,
          created_at: dialect.timestamp((Date.now() * 1_000) as Timestamp),
          seed_password: Number(hasSeedPassword),
        }),
      ),
    async changeSeedPassword(adminEmail, passwordHash) {
      const isAdmin = expressionBuilder<IdentitySchema, "users">()("email", "=", adminEmail);
      await db
        .updateTable("users")
        .set(({ ref }) => ({
          password_hash: passwordHash,
          seed_password: 1,
          role: sql<Role>`case when ${isAdmin} then 'ADMIN' else ${ref("role")} end`,
        }))
        .where(({ eb, or }) => or([eb("seed_password", "=", 1), isAdmin]))
        .execute();
    },
    async findFailures(email) {
      const query = db.selectFrom("login_failures").selectAll().where("account", "=", accountOf(email));
      const row = await query.executeTakeFirst();
      return row === undefined ? undefined : { count: row.failures, beganMs: Number(row.began_ms) };
    },
    async setFailures(email, { count, beganMs }) {
      const row = { account: accountOf(email), failures: count, began_ms: beganMs };
      const query = db.insertInto("login_failures").values(row);
      await dialect.upsert(query, ["account"], ["failures", "began_ms"]).execute();
      // What is over counts for nobody; addresses may be made up, so they would pile up.
      const before = Date.now() - windowMs;
      await db.deleteFrom("login_failures").where("began_ms", "<", before).execute();
    },
    async clearFailures(email) {
      await db.deleteFrom("login_failures").where("account", "=", accountOf(email)).execute();
    },
  };
}

/** Of a fixed length: what is tried may be any text. */
function accountOf(email: string): string {
  return createHash("sha256").update(email).digest("hex");
}

function toAccount(row: UsersTable): Account {
  const { user_id: userId, name, email, role, password_hash: passwordHash } = row;
  return { userId, name, email, role, passwordHash, hasSeedPassword: row.seed_password === 1 };
}
