import type { RuntimeStatus } from "../../contracts/embedded-control.js";
import type { Project } from "../compose/model.js";
import type { ContainerDetails, ContainerSummary, Engine } from "../engine/engine.js";
import type { ProjectState } from "../env/state-folder.js";
import type { MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest } from "../kernel/command.js";
import type { ProbeTarget } from "../ready/probe.js";
import type { Observed } from "../reconcile/observed.js";
import type { Place } from "../runtime/place.js";

/** Where the project was found to run; "unknown": on Docker, whose engine cannot be asked. */
export type Ground =
  | { readonly runtime: "docker"; readonly engine: Engine; readonly containers: readonly ContainerSummary[] }
  | { readonly runtime: "embedded"; readonly place: Place; readonly status: RuntimeStatus | undefined }
  | { readonly runtime: "unknown"; readonly failure: MybrokerError };

/** One of the project's containers, those of `compose run` left out. */
export interface InspectedContainer {
  /** Service of the label. */
  readonly service: string;
  readonly summary: ContainerSummary;
  readonly details: ContainerDetails;
}

/** A .env or .env.example as it lies there, names and raw text; values are for comparison, never for a message. */
export interface EnvText {
  readonly path: string;
  readonly text: string;
  /** Permission bits. */
  readonly mode: number;
}

/**
 * What checks look at. Every function is asked of the machine once a run, however many checks call it; what it
 * rejects with, every caller gets.
 */
export interface DoctorFacts {
  readonly request: CommandRequest;
  /** With every profile of ours on: the domain services too. Variables without a value are empty. */
  readonly project: Project;
  /** Names of the keys that are marked `# secret`. */
  readonly secretKeys: ReadonlySet<string>;
  readonly ground: Ground;
  readonly state: ProjectState;
  /** "docker-compose.yml:77", where the key path stands, or the nearest above it; undefined where nothing of it does. */
  placeOf(path: readonly (string | number)[]): Promise<string | undefined>;
  envFile(): Promise<EnvText | undefined>;
  envExample(): Promise<EnvText | undefined>;
  /** Empty on the embedded runtime. */
  containers(): Promise<readonly InspectedContainer[]>;
  /** Of the engine, as `up` sees it; undefined off Docker. */
  observed(): Promise<Observed | undefined>;
  /**
   * Where the server of each running service is reached, with the login of .env, by the name of the service: on Docker
   * as the engine published it, embedded those of the brokers and the domain services.
   */
  targets(): Promise<ReadonlyMap<string, ProbeTarget>>;
  /** Services of ours in whose place a program of the user's runs (`mybroker replace`), with its pid. */
  replaced(): Promise<ReadonlyMap<string, number>>;
}

export type Level = "ok" | "warning" | "error" | "unknown";

/** One thing that was looked at. */
export interface Finding {
  /** Stable, `area.thing`: what is wrong, or what would be where all is well. One of the check's `finds`. */
  readonly id: string;
  /** The service, key or file that it is about. */
  readonly subject: string;
  /** "unknown": it could not be found out. */
  readonly level: Level;
  /** One line, with the value that was seen; never a secret. */
  readonly message: string;
  /** What was seen, in lines, for --debug and json: an answer of the server, file:line. */
  readonly evidence?: readonly string[];
  /** One command line that mends it (`{mybroker} …` as in every text); null where all is well. */
  readonly fix: string | null;
  /** What --fix does. Absent: `fix` is for a person to type. */
  readonly repair?: Repair;
}

/** Never deletes, never touches a secret or what a volume holds; repeating it does nothing. */
export interface Repair {
  /** What the plan prints, a command line where there is one: two findings with the same one are repaired once. */
  readonly command: string;
  /** In this order: files, containers, then what lies inside servers. */
  readonly stage: "files" | "containers" | "servers";
  /** Words of mybroker's own command line, where that does it: those of several findings become one command. */
  readonly words?: readonly [verb: string, ...services: string[]];
  /** @throws MybrokerError where it does not work */
  run(facts: DoctorFacts): Promise<void>;
}

export interface Check {
  /** Stable, `area.what`: what --only and --exclude take beside areas and the ids of findings. */
  readonly id: string;
  readonly title: string;
  /** Ids of all findings that it can give; `area.no-answer` is given in its place where it does not end in time. */
  readonly finds: readonly string[];
  /** It leaves something behind (an order, cancelled), so it runs only where --deep was said. */
  readonly deepOnly?: true;
  /**
   * A finding for each thing that it looked at; none where it has nothing to look at. A second at most, after which
   * `signal` aborts and the result is not waited for.
   */
  run(facts: DoctorFacts, signal: AbortSignal): Promise<readonly Finding[]>;
}

/** All is well with the subject. */
export function fine(id: string, subject: string, message: string): Finding {
  return { id, subject, level: "ok", message, fix: null };
}
