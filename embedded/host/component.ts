import type {
  ManagementAnswer,
  ManagementQuestion,
  ServiceSetting,
} from "../../contracts/embedded-control.js";
import type { Write } from "./log-file.js";

/** A started broker, store or domain service. */
export interface Running {
  /** "127.0.0.1:9092"; null for a file. */
  readonly address: string | null;
  /**
   * Writes and reads, where that is possible from the inside; a domain service is asked whether it is ready. @throws
   * what is wrong
   */
  check?(): Promise<void>;
  /** Of an AMQP broker. */
  manage?(question: ManagementQuestion): ManagementAnswer;
  close(): Promise<void>;
}

/** One service of the runtime, which can be started and stopped again. */
export interface Component {
  readonly setting: ServiceSetting;
  /** Absolute path of its data; null for a domain service. */
  readonly path: string | null;
  start(): Promise<Running>;
}

export interface Surroundings {
  readonly dataFolder: string;
  /** Of the bundle: what is beside it was built with it. */
  readonly bundleFolder: string;
  readonly write: Write;
}
