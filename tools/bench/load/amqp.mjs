// Publishes and consumes messages on one durable queue as fast as the broker confirms and delivers them, with the
// settings that the services use, and prints {"seconds": S}. A process of its own: the generator's work is not the
// broker's.
//   node amqp.mjs PORT MESSAGES BYTES    user and password in AMQP_USER and AMQP_PASSWORD
import { connect } from "amqplib";

/** Messages that wait for their confirm, and that wait for their acknowledgement. */
const window = 500;

const [port, count, bytes] = process.argv.slice(2).map(Number);
const { AMQP_USER: username, AMQP_PASSWORD: password } = process.env;
const open = () =>
  connect(
    { hostname: "127.0.0.1", port, username, password, heartbeat: 10 },
    { noDelay: true, timeout: 5_000 },
  );
const [sending, receiving] = await Promise.all([open(), open()]);
const queue = "bench.load";
const publisher = await sending.createConfirmChannel();
await publisher.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "quorum" } });
await publisher.purgeQueue(queue);

const startedMs = performance.now();
await Promise.all([consume(), publish()]);
const seconds = (performance.now() - startedMs) / 1000;
await publisher.deleteQueue(queue);
await Promise.all([sending.close(), receiving.close()]);
console.log(JSON.stringify({ seconds }));

async function publish() {
  const body = Buffer.alloc(bytes, "x");
  let unconfirmed = 0;
  let wake = () => {};
  for (let sent = 0; sent < count; sent += 1) {
    if (unconfirmed >= window) {
      await new Promise((resolve) => {
        wake = resolve;
      });
    }
    unconfirmed += 1;
    publisher.publish("", queue, body, { persistent: true, mandatory: true }, (error) => {
      if (error) throw error;
      unconfirmed -= 1;
      if (unconfirmed <= window / 2) wake();
    });
  }
  await publisher.waitForConfirms();
}

async function consume() {
  const channel = await receiving.createChannel();
  await channel.prefetch(window);
  let received = 0;
  await new Promise((resolve, reject) => {
    channel
      .consume(queue, (message) => {
        if (message === null) return reject(new Error("the consumer was cancelled"));
        received += 1;
        channel.ack(message);
        if (received === count) resolve();
      })
      .catch(reject);
  });
  await channel.close();
}
