// Publishes records one at a time and notes when each was printed by a command that follows the topic; prints
// {"printedMs": [...]}.   node tail-latency.mjs PORT TOPIC COUNT -- COMMAND...
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";

process.env.KAFKAJS_NO_PARTITIONER_WARNING = "1";
const { Kafka, logLevel } = (await import("kafkajs")).default;

const pauseMs = 20;
const readyMs = 30_000;
const [port, topic, count] = process.argv.slice(2);
const [file, ...args] = process.argv.slice(process.argv.indexOf("--") + 1);

const producer = new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING }).producer();
await producer.connect();
const child = spawn(file, args, { stdio: ["ignore", "pipe", "ignore"] });
const printedMs = [];
let isReady = false;
createInterface({ input: child.stdout }).on("line", (line) => {
  isReady = true;
  const [kind, sentMs] = line.split(" ");
  if (kind === "sent") printedMs.push(performance.timeOrigin + performance.now() - Number(sentMs));
});
const send = (kind) => {
  const value = `${kind} ${performance.timeOrigin + performance.now()}`;
  return producer.send({ topic, messages: [{ value }] });
};
// Until it follows; those are not counted.
for (const deadlineMs = Date.now() + readyMs; !isReady; await setTimeout(100)) {
  if (Date.now() > deadlineMs) throw new Error("the command printed nothing");
  await send("first");
}
for (let sent = 0; sent < Number(count); sent += 1) {
  await send("sent");
  await setTimeout(pauseMs);
}
for (const deadlineMs = Date.now() + readyMs; printedMs.length < Number(count); await setTimeout(10)) {
  if (Date.now() > deadlineMs) throw new Error(`only ${printedMs.length} of ${count} were printed`);
}
child.kill("SIGTERM");
await once(child, "exit");
await producer.disconnect();
console.log(JSON.stringify({ printedMs }));
