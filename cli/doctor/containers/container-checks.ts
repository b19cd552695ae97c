import type { Check } from "../check.js";
import { checkDrift } from "./check-drift.js";
import { checkLeftovers } from "./check-leftovers.js";
import { checkNetworks } from "./check-networks.js";
import { checkPresence } from "./check-presence.js";
import { checkStates } from "./check-states.js";

/** What the engine says of the project's containers. */
export const containerChecks: readonly Check[] = [
  {
    id: "container.presence",
    title: "the project runs, and every service of it has a container",
    finds: ["project.not-running", "container.missing", "container.replaced"],
    run: checkPresence,
  },
  {
    id: "container.state",
    title: "every container runs and is healthy",
    finds: [
      "container.stopped",
      "container.exited",
      "container.out-of-memory",
      "container.paused",
      "container.restarting",
      "container.restarts",
      "container.unhealthy",
    ],
    run: checkStates,
  },
  {
    id: "container.drift",
    title: "every container is as the compose file and .env say",
    finds: ["container.image-drift", "container.config-drift", "env.stale-container"],
    run: checkDrift,
  },
  {
    id: "container.network",
    title: "every container is on its networks",
    finds: ["container.off-network"],
    run: checkNetworks,
  },
  {
    id: "container.leftover",
    title: "nothing runs that the compose file does not want",
    finds: ["container.orphan", "container.profile-off"],
    run: checkLeftovers,
  },
];
