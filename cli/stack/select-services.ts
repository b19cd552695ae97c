import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { findNearest } from "../errors/nearest.js";

/**
 * Checks that every asked service is one of the known.
 * @throws MybrokerError usage.unknown-service, exit 2, with the nearest name
 */
export function checkServiceNames(asked: readonly string[], known: readonly string[]): void {
  for (const name of asked) {
    if (known.includes(name)) continue;
    const nearest = findNearest(name, known);
    throw new MybrokerError({
      code: "usage.unknown-service",
      message: `unknown service ${name}`,
      hint:
        nearest === undefined ? "All services:  {mybroker} config --services" : `Did you mean:  ${nearest}`,
      exitCode: exitCodes.usage,
      details: { service: name, known },
    });
  }
}
