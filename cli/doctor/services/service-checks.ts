import type { Check } from "../check.js";

/** The domain services and the exchange, and whether their data agrees. */
export const serviceChecks: readonly Check[] = [];
