import { connect, type Socket } from "node:net";

export function openSocket(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      // A reset is one of the answers.
      socket.off("error", reject).on("error", () => {});
      resolve(socket);
    });
    socket.once("error", reject);
  });
}

const answerLimitMs = 30;

/** Writes it and reads what comes until the server ends it, or for a moment; then it is gone. */
export async function attack(port: number, bytes: Buffer): Promise<void> {
  const socket = await openSocket(port);
  socket.resume();
  socket.setTimeout(answerLimitMs, () => socket.destroy());
  socket.write(bytes);
  await new Promise((resolve) => socket.once("close", resolve));
}
