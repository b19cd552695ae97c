import type { Repair } from "../check.js";

/** mybroker has no command of its own for what it never does itself. */
export function unpause(name: string, containerId: string): Repair {
  return {
    command: `docker unpause ${name}`,
    stage: "containers",
    run: async ({ ground }) => {
      if (ground.runtime === "docker") await ground.engine.unpauseContainer(containerId);
    },
  };
}
