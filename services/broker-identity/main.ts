import { readDatabaseSettings, readListenSettings, readSettings, text } from "../../kit/settings.js";
import type { Database } from "../../kit/sql/database.js";
import { requireUsers } from "../shared/auth/users.js";
import { openServer } from "../shared/http/open-server.js";
import { createLog } from "../shared/log.js";
import { createMetrics } from "../shared/metrics.js";
import type { ServiceDefinition } from "../shared/service.js";
import { openStore } from "../shared/store.js";
import { createTokens } from "./adapters/jwt-tokens.js";
import { addRoutes } from "./adapters/routes.js";
import { createPasswords } from "./adapters/scrypt-passwords.js";
import { createAccounts, type IdentitySchema } from "./adapters/sql-accounts.js";
import { createIdentity } from "./app/identity.js";

const name = "broker-identity";
const admin = { name: "Administrator", email: "admin@mybroker.example" };

/** Who the users are: registration, login, and the keys by which all others check a token. */
export const brokerIdentity: ServiceDefinition = {
  name,
  async start(context) {
    const settings = readSettings(context.env, {
      listen: readListenSettings,
      database: readDatabaseSettings,
      privateSeed: text("JWT_PRIVATE_SEED"),
      adminPassword: text("SEED_USER_PASSWORD"),
    });
    const log = createLog(name, context);
    const tokens = await createTokens(settings.privateSeed);
    const passwords = createPasswords();
    const openIdentity = (database: Database<IdentitySchema>) =>
      createIdentity(createAccounts(database), passwords, tokens);
    const store = await openStore<IdentitySchema>({
      name: "broker-identity-db",
      settings: settings.database,
      migrationsFolder: context.migrationsFolder,
      log,
      prepare: (database) =>
        openIdentity(database).ensureAdmin({ ...admin, password: settings.adminPassword }),
    });
    const identity = openIdentity(store.database);
    const users = requireUsers(tokens.findKey);
    const server = await openServer({
      name,
      description: "Users and their tokens.",
      listen: settings.listen,
      log,
      metrics: createMetrics(),
      dependencies: [store.dependency],
      routes: (app) => addRoutes(app, { identity, users, keySet: tokens.keySet }),
    });
    return {
      address: server.address,
      close: async () => {
        await server.close();
        await store.close();
      },
    };
  },
};
