import { exitCodes, MybrokerError } from "./mybroker-error.js";
import { findNearest } from "./nearest.js";

/** The error (exit 2) for a name that no service has, with the nearest one that there is. */
export function unknownService(name: string, known: readonly string[]): MybrokerError {
  const sorted = [...new Set(known)].sort();
  const nearest = findNearest(name, sorted);
  return new MybrokerError({
    code: "usage.unknown-service",
    message: `unknown service ${name}`,
    hint: nearest === undefined ? "All services:  {mybroker} config --services" : `Did you mean:  ${nearest}`,
    exitCode: exitCodes.usage,
    details: { service: name, known: sorted },
  });
}
