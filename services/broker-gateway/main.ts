import { httpUrl, readListenSettings, readSettings } from "../../kit/settings.js";
import { createUsers } from "../shared/auth/users.js";
import { openServer } from "../shared/http/open-server.js";
import { createLog } from "../shared/log.js";
import { createMetrics } from "../shared/metrics.js";
import type { ServiceDefinition } from "../shared/service.js";
import { createForwarder } from "./adapters/forward.js";
import { addRoutes } from "./adapters/routes.js";

const name = "broker-gateway";

/** The one way in for clients: who asks is checked, how much is limited, and the rest is its owner's. */
export const brokerGateway: ServiceDefinition = {
  name,
  async start(context) {
    const settings = readSettings(context.env, {
      listen: readListenSettings,
      identityUrl: httpUrl("IDENTITY_URL"),
      orderUrl: httpUrl("ORDER_URL"),
      walletUrl: httpUrl("WALLET_URL"),
      assetUrl: httpUrl("ASSET_URL"),
      reportUrl: httpUrl("REPORT_URL"),
    });
    const log = createLog(name, context);
    const users = createUsers({ identityUrl: settings.identityUrl, log });
    const open = (service: string, url: string) => createForwarder({ service, url }, log);
    const forwarders = {
      auth: open("broker-identity", settings.identityUrl),
      orders: open("broker-order", settings.orderUrl),
      wallets: open("broker-wallet", settings.walletUrl),
      assets: open("broker-asset", settings.assetUrl),
      reports: open("broker-report", settings.reportUrl),
    };
    const server = await openServer({
      name,
      description: "The brokerage's REST API.",
      listen: settings.listen,
      log,
      metrics: createMetrics(),
      // It owns nothing: a service that is away is that route's 503, and no reason to send no requests at all.
      dependencies: [],
      routes: (app) => addRoutes(app, forwarders, users),
      describePaths: async () => {
        const parts = await Promise.all(Object.values(forwarders).map((part) => part.describePaths()));
        return Object.assign({}, ...parts);
      },
    });
    return {
      address: server.address,
      close: async () => {
        await server.close();
        users.close();
        for (const forwarder of Object.values(forwarders)) forwarder.close();
      },
    };
  },
};
