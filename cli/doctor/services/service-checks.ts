import type { Check } from "../check.js";
import { orderCheck } from "./order-check.js";
import { seedCheck } from "./seed-check.js";
import { serviceCheck } from "./service-check.js";

/** The domain services and the exchange, and whether their data agrees. */
export const serviceChecks: readonly Check[] = [serviceCheck, orderCheck, seedCheck];
