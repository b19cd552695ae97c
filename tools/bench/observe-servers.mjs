// The observer: a process beside the command that is measured, which asks every server from the host until it
// logs in, and notes when that was. It works alike for both peers, so the load that it puts on the machine is the
// same for both.

import { answers } from "./observer/ask.mjs";
import { logIn } from "./observer/log-in.mjs";
import { monotonicMs } from "./timed-command.mjs";

const askEveryMs = 25;

process.on("message", ({ servers }) => {
  for (const server of servers) watch(server);
});
process.on("disconnect", () => process.exit());
process.send({ ready: true });

async function watch(server) {
  // Spread over the interval, so that the servers are not all asked in the same instant.
  await sleep(Math.random() * askEveryMs);
  while (!(await answers(server))) await sleep(askEveryMs);
  const answeredMs = monotonicMs();
  while (!(await succeeds(logIn(server)))) await sleep(askEveryMs);
  const { user, system } = process.cpuUsage();
  process.send({
    service: server.service,
    answeredMs,
    loggedInMs: monotonicMs(),
    cpuMs: (user + system) / 1000,
  });
}

function succeeds(promise) {
  return promise.then(
    () => true,
    () => false,
  );
}

function sleep(durationMs) {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
