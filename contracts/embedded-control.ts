/**
 * What the command line and the embedded runtime say to each other: HTTP with JSON bodies over a Unix socket that only
 * its owner can reach.
 *
 *   GET  /status                         -> RuntimeStatus
 *   POST /services/{name}/start|stop     -> ServiceStatus      404 for a name that it does not run
 *   POST /stop                           -> 202; the process ends once everything is closed
 */

/** Raised when the layout of the data folder changes; a newer one is refused. */
export const embeddedDataVersion = 1;

export type ServiceState = "starting" | "ready" | "stopped" | "failed";

export interface ServiceStatus {
  readonly name: string;
  /** x-mybroker kind of the container that it stands for. */
  readonly kind: string;
  readonly state: ServiceState;
  /** "127.0.0.1:9092"; null for a store, which is a file. */
  readonly address: string | null;
  /** Absolute path of the data. */
  readonly path: string;
  /** From the start of the service to ready. */
  readonly readyMs: number | null;
  /** Why it failed, in one line; null otherwise. */
  readonly problem: string | null;
  /** RFC 3339, of the last start; null before it. */
  readonly startedAt: string | null;
}

export interface RuntimeStatus {
  /** Of mybroker, as the process was started from. */
  readonly version: string;
  readonly pid: number;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly residentBytes: number;
  readonly services: readonly ServiceStatus[];
}
