import type { RuntimeStatus } from "../../contracts/embedded-control.js";
import type { Project } from "../compose/model.js";
import type { ContainerSummary, Engine } from "../engine/engine.js";
import type { CommandRequest } from "../kernel/command.js";
import type { Place } from "../runtime/place.js";

/** Where the project was found to run. */
export type Ground =
  | { readonly runtime: "docker"; readonly engine: Engine; readonly containers: readonly ContainerSummary[] }
  | { readonly runtime: "embedded"; readonly place: Place; readonly status: RuntimeStatus | undefined };

/** What checks look at. */
export interface DoctorFacts {
  readonly request: CommandRequest;
  readonly project: Project;
  readonly ground: Ground;
}

/** One thing that was looked at. */
export interface Finding {
  /** The service or file that it is about. */
  readonly subject: string;
  readonly level: "ok" | "warning" | "error";
  readonly message: string;
  /** What to type; null where all is well. */
  readonly fix: string | null;
}

export interface Check {
  /** Stable, `area.thing`: what --only and --exclude take. */
  readonly id: string;
  readonly title: string;
  /** A finding for each thing that it looked at; none where it has nothing to look at. */
  run(facts: DoctorFacts): Promise<readonly Finding[]>;
}

/** All is well with the subject. */
export function fine(subject: string, message: string): Finding {
  return { subject, level: "ok", message, fix: null };
}
