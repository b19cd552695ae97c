import { openDocuments } from "../../kit/documents/documents.js";
import {
  httpUrl,
  readDocumentSettings,
  readKafkaBrokers,
  readListenSettings,
  readSettings,
} from "../../kit/settings.js";
import { createUsers } from "../shared/auth/users.js";
import { defineService } from "../shared/define-service.js";
import { openKafkaLink } from "../shared/messaging/kafka-link.js";
import { consumeEvents } from "./adapters/event-consumer.js";
import { createReportStore } from "./adapters/report-store.js";
import { addReportRoutes } from "./adapters/routes.js";

/** What the broker's events told, to be read: a user's orders and statement, a ticker's prices. */
export const brokerReport = defineService("broker-report", async (parts) => {
  const { env, log, own } = parts;
  const settings = readSettings(env, {
    listen: readListenSettings,
    documents: readDocumentSettings,
    brokers: readKafkaBrokers,
    identityUrl: httpUrl("IDENTITY_URL"),
  });
  const documents = own(await openDocuments(settings.documents));
  const kafka = own(openKafkaLink({ ...parts, brokers: settings.brokers }));
  const users = own(createUsers({ identityUrl: settings.identityUrl, log }));
  const store = createReportStore(documents);
  consumeEvents(kafka, store, () => documents.ping());
  return parts.serve({
    description: "What the broker's events told: orders, statements, prices.",
    listen: settings.listen,
    dependencies: [
      { name: "broker-mongodb", check: () => documents.ping() },
      { name: "kafka", check: () => kafka.ping() },
    ],
    routes: (app) => addReportRoutes(app, { store, users }),
  });
});
