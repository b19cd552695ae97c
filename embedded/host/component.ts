import type { ServiceSetting } from "../../contracts/embedded-control.js";
import type { Write } from "./log-file.js";

/** A started broker or store. */
export interface Running {
  /** "127.0.0.1:9092"; null for a file. */
  readonly address: string | null;
  /** Writes and reads, where that is possible from the inside. @throws what is wrong */
  check?(): Promise<void>;
  close(): Promise<void>;
}

/** One service of the runtime, which can be started and stopped again. */
export interface Component {
  readonly setting: ServiceSetting;
  /** Absolute path of its data. */
  readonly path: string;
  start(): Promise<Running>;
}

export interface Surroundings {
  readonly dataFolder: string;
  readonly write: Write;
}
