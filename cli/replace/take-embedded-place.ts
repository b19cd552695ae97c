import { connect, createServer, type Server } from "node:net";
import { isUp, type RuntimeStatus } from "../../contracts/embedded-control.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { actOnService } from "../runtime/control-client.js";
import type { Place } from "../runtime/place.js";
import type { Replacement, TakenPlace } from "./run-in-place.js";

interface Runtime {
  readonly place: Place;
  readonly running: RuntimeStatus;
}

/** The place of a service in the embedded process: all look for it at one address, so the program takes that. */
export async function takeEmbeddedPlace(
  { service, port, publishedPort }: Replacement,
  { place, running }: Runtime,
): Promise<TakenPlace> {
  const start = running.services.some((one) => one.name === service && isUp(one));
  let forwarder: Server | undefined;
  return {
    restoration: { runtime: "embedded", containerId: null, relay: null, start },
    take: async () => {
      if (start) await actOnService(place, service, "stop");
      if (port !== publishedPort) forwarder = await forward(publishedPort, port);
    },
    leave: () => forwarder?.close(),
  };
}

/** Hands what comes in on one port of 127.0.0.1 to another one. @throws MybrokerError ports.taken, exit 3 */
async function forward(from: number, to: number): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (caller) => {
    const target = connect({ host: "127.0.0.1", port: to, noDelay: true, allowHalfOpen: true });
    caller.pipe(target).pipe(caller);
    for (const [socket, other] of [
      [caller, target],
      [target, caller],
    ] as const) {
      socket.on("error", () => other.resetAndDestroy());
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(
        new MybrokerError({
          code: "ports.taken",
          message: `Port ${from} cannot be listened on: ${error.message}`,
          hint: "see who has it:  {mybroker} doctor",
          exitCode: exitCodes.machine,
        }),
      ),
    );
    server.listen({ host: "127.0.0.1", port: from }, resolve);
  });
  return server;
}
