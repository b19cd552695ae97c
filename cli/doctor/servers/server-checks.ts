import type { Check } from "../check.js";
import { kafkaCheck } from "./kafka.js";
import { mongodbCheck } from "./mongodb.js";
import { pageCheck } from "./pages.js";
import { rabbitmqCheck } from "./rabbitmq.js";
import { redisCheck } from "./redis.js";
import { sqlChecks } from "./sql.js";
import { storeCheck } from "./stores.js";

/** Servers by function, with the login of .env. */
export const serverChecks: readonly Check[] = [
  ...sqlChecks,
  redisCheck,
  mongodbCheck,
  rabbitmqCheck,
  kafkaCheck,
  pageCheck,
  storeCheck,
];
