import { httpUrl, readListenSettings, readSettings } from "../../kit/settings.js";
import { createUsers } from "../shared/auth/users.js";
import { defineService } from "../shared/define-service.js";
import { createForwarder } from "./adapters/forward.js";
import { addRoutes } from "./adapters/routes.js";

/** The one way in for clients: who asks is checked, how much is limited, and the rest is its owner's. */
export const brokerGateway = defineService("broker-gateway", async ({ env, log, own, serve }) => {
  const settings = readSettings(env, {
    listen: readListenSettings,
    identityUrl: httpUrl("IDENTITY_URL"),
    orderUrl: httpUrl("ORDER_URL"),
    walletUrl: httpUrl("WALLET_URL"),
    assetUrl: httpUrl("ASSET_URL"),
    reportUrl: httpUrl("REPORT_URL"),
  });
  const users = own(createUsers({ identityUrl: settings.identityUrl, log }));
  const open = (service: string, url: string) => own(createForwarder({ service, url }, log));
  const forwarders = {
    auth: open("broker-identity", settings.identityUrl),
    orders: open("broker-order", settings.orderUrl),
    wallets: open("broker-wallet", settings.walletUrl),
    assets: open("broker-asset", settings.assetUrl),
    reports: open("broker-report", settings.reportUrl),
  };
  return serve({
    description: "The brokerage's REST API.",
    listen: settings.listen,
    // It owns nothing: a service that is away is that route's 503, and no reason to send no requests at all.
    dependencies: [],
    routes: (app) => addRoutes(app, forwarders, users),
    describePaths: async () => {
      const parts = await Promise.all(Object.values(forwarders).map((part) => part.describePaths()));
      return Object.assign({}, ...parts);
    },
  });
});
