import type { ServerKind } from "../../compose/model.js";
import { httpProbe } from "./http.js";
import { kafkaProbe } from "./kafka.js";
import { mongodbProbe } from "./mongodb.js";
import { mysqlProbe } from "./mysql.js";
import { postgresProbe } from "./postgres.js";
import { rabbitmqProbe } from "./rabbitmq.js";
import { redisProbe } from "./redis.js";
import type { ServerProbe } from "./server-probe.js";
import { serviceProbe } from "./service.js";

/** Every kind that a compose file can name in x-mybroker. Importing it loads no client library. */
export const serverProbes: Readonly<Record<ServerKind, ServerProbe>> = {
  mysql: mysqlProbe,
  postgres: postgresProbe,
  mongodb: mongodbProbe,
  redis: redisProbe,
  kafka: kafkaProbe,
  rabbitmq: rabbitmqProbe,
  http: httpProbe,
  service: serviceProbe,
};
