import type { Check } from "./check.js";
import { configurationChecks } from "./configuration/configuration-checks.js";
import { containerChecks } from "./containers/container-checks.js";
import { embeddedChecks } from "./embedded/embedded-checks.js";
import { machineChecks } from "./machine/machine-checks.js";
import { serverChecks } from "./servers/server-checks.js";
import { serviceChecks } from "./services/service-checks.js";

/** All checks, in the order in which they are told: what explains others stands before them. */
export const checks: readonly Check[] = [
  ...machineChecks,
  ...configurationChecks,
  ...containerChecks,
  ...embeddedChecks,
  ...serverChecks,
  ...serviceChecks,
];
