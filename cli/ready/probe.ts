import type { MybrokerExtension } from "../compose/model.js";

/** Where and how a server is reached from the host. */
export interface ProbeTarget {
  readonly service: string;
  readonly extension: MybrokerExtension;
  /** 127.0.0.1, or the engine's host. */
  readonly host: string;
  /** The published host port of `extension.port`. */
  readonly port: number;
  /** Values of the keys that `extension.credentials` names. */
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
}

/** What one attempt saw. */
export type ProbeAnswer =
  | { readonly ready: true; readonly detail: string; readonly latencyMs: number }
  | {
      readonly ready: false;
      /**
       * "refused": nothing listens yet; "starting": it speaks but is not ready; "denied": the login was refused
       * (waiting does not help).
       */
      readonly reason: "refused" | "silent" | "starting" | "denied" | "wrong-server" | "error";
      readonly detail: string;
    };

/** One attempt, bounded by timeoutMs; never throws, leaves no connection behind. */
export type Probe = (target: ProbeTarget, timeoutMs: number) => Promise<ProbeAnswer>;
