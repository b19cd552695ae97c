import type { Repair } from "../check.js";
import { runOwnCommand } from "./run-own-command.js";

type Verb = "init" | "up" | "start" | "restart";

/** A repair by a command of ours: `init`, or `up`, `start`, `restart` of a service. */
export function repairWith(verb: Verb, ...services: readonly string[]): Repair {
  const words = [verb, ...services] as const;
  return {
    command: ["{mybroker}", ...words].join(" "),
    stage: verb === "init" ? "files" : "containers",
    words,
    run: (facts) => runOwnCommand(facts.request, words),
  };
}
