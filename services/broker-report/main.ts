import { openDocuments } from "../../kit/documents/documents.js";
import {
  httpUrl,
  readDocumentSettings,
  readKafkaBrokers,
  readListenSettings,
  readSettings,
} from "../../kit/settings.js";
import { createUsers } from "../shared/auth/users.js";
import { openServer } from "../shared/http/open-server.js";
import { createLog } from "../shared/log.js";
import { openKafkaLink } from "../shared/messaging/kafka-link.js";
import { createMetrics } from "../shared/metrics.js";
import type { ServiceDefinition } from "../shared/service.js";
import { consumeEvents } from "./adapters/event-consumer.js";
import { createReportStore } from "./adapters/report-store.js";
import { addReportRoutes } from "./adapters/routes.js";

const name = "broker-report";

/** What the broker's events told, to be read: a user's orders and statement, a ticker's prices. */
export const brokerReport: ServiceDefinition = {
  name,
  async start(context) {
    const settings = readSettings(context.env, {
      listen: readListenSettings,
      documents: readDocumentSettings,
      brokers: readKafkaBrokers,
      identityUrl: httpUrl("IDENTITY_URL"),
    });
    const log = createLog(name, context);
    const metrics = createMetrics();
    const documents = await openDocuments(settings.documents);
    const kafka = openKafkaLink({ name, log, metrics, brokers: settings.brokers });
    const users = createUsers({ identityUrl: settings.identityUrl, log });
    const store = createReportStore(documents);
    const server = await openServer({
      name,
      description: "What the broker's events told: orders, statements, prices.",
      listen: settings.listen,
      log,
      metrics,
      dependencies: [
        { name: "broker-mongodb", check: () => documents.ping() },
        { name: "kafka", check: () => kafka.ping() },
      ],
      routes: (app) => addReportRoutes(app, { store, users }),
    });
    consumeEvents(kafka, store, () => documents.ping());
    return {
      address: server.address,
      close: async () => {
        await server.close();
        users.close();
        await kafka.close();
        await documents.close();
      },
    };
  },
};
