import { readDatabaseSettings, readListenSettings, readSettings, text } from "../../kit/settings.js";
import type { Database } from "../../kit/sql/database.js";
import { requireUsers } from "../shared/auth/users.js";
import { defineService } from "../shared/define-service.js";
import { openStore } from "../shared/store.js";
import { createTokens } from "./adapters/jwt-tokens.js";
import { addRoutes } from "./adapters/routes.js";
import { createPasswords } from "./adapters/scrypt-passwords.js";
import { createAccounts, type IdentitySchema } from "./adapters/sql-accounts.js";
import { createIdentity } from "./app/identity.js";

const admin = { name: "Administrator", email: "admin@mybroker.example" };

/** Who the users are: registration, login, and the keys by which all others check a token. */
export const brokerIdentity = defineService("broker-identity", async (parts) => {
  const settings = readSettings(parts.env, {
    listen: readListenSettings,
    database: readDatabaseSettings,
    privateSeed: text("JWT_PRIVATE_SEED"),
    seedPassword: text("SEED_USER_PASSWORD"),
  });
  const tokens = await createTokens(settings.privateSeed);
  const { seedPassword } = settings;
  const passwords = createPasswords();
  const openIdentity = (database: Database<IdentitySchema>) =>
    createIdentity({ accounts: createAccounts(database), passwords, tokens, seedPassword });
  const store = parts.own(
    await openStore<IdentitySchema>(parts, {
      name: "broker-identity-db",
      settings: settings.database,
      prepare: (database) => openIdentity(database).ensureAdmin(admin),
    }),
  );
  const identity = openIdentity(store.database);
  const users = requireUsers(tokens.findKey);
  return parts.serve({
    description: "Users and their tokens.",
    listen: settings.listen,
    dependencies: [store.dependency],
    routes: (app) => addRoutes(app, { identity, users, keySet: tokens.keySet }),
  });
});
