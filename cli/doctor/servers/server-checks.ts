import type { Check } from "../check.js";

/** Servers by function, with the login of .env. */
export const serverChecks: readonly Check[] = [];
