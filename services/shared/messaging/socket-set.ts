import { connect, type Socket } from "node:net";

/** The connections of one consumer, so that they end with it. */
export class SocketSet {
  readonly #sockets = new Set<Socket>();
  #isOver = false;

  open(host: string, port: number): Socket {
    const socket = connect({ host, port });
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    if (this.#isOver) socket.destroy(new Error("the consumer was closed"));
    return socket;
  }

  destroy(): void {
    this.#isOver = true;
    for (const socket of this.#sockets) socket.destroy(new Error("the consumer was closed"));
  }
}
