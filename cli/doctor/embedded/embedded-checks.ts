import type { Check } from "../check.js";
import { checkProcess } from "./check-process.js";
import { checkServices } from "./check-services.js";
import { checkSettings } from "./check-settings.js";

/** The process that the embedded runtime is. */
export const embeddedChecks: readonly Check[] = [
  {
    id: "embedded.process",
    title: "the embedded runtime runs and answers, and its files are its own",
    finds: [
      "project.not-running",
      "embedded.hung",
      "embedded.stale-files",
      "embedded.crashed",
      "embedded.data-version",
      "embedded.memory",
      "embedded.log-size",
    ],
    run: checkProcess,
  },
  {
    id: "embedded.services",
    title: "every service in the process runs",
    finds: ["embedded.stopped", "embedded.failed", "embedded.replaced"],
    run: checkServices,
  },
  {
    id: "embedded.settings",
    title: "the process runs with the settings of the files and the code of this mybroker",
    finds: ["embedded.config-drift", "embedded.other-version"],
    run: checkSettings,
  },
];
