import type { Probe } from "../probe.js";
import type { NotReady } from "./wire.js";

/**
 * How one kind of server is asked. `knock` speaks a few bytes and loads nothing, so it can be repeated many
 * times a second; `login` is the truth: the .env credentials through the client library that services use.
 */
export interface ServerProbe {
  readonly knock: Probe;
  readonly login: Probe;
  /** Loads the client library ahead of time, so that the login after the first answer does not wait for it. */
  readonly prepare: () => Promise<unknown>;
  /** What an error of the client library, or of a socket, says about the server. */
  readonly classify: (error: unknown) => NotReady;
}
