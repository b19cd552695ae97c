import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { ServerKind } from "../../compose/model.js";
import { scripts, startScriptedServer, targetOf } from "../testing/scripted-server.js";
import { serverProbes } from "./registry.js";

const kinds = Object.keys(serverProbes) as ServerKind[];
const timeoutMs = 120;
/** A loaded machine, and the first import of a client library. */
const slackMs = 1500;

async function untilNoConnections(open: () => number): Promise<void> {
  for (let waitedMs = 0; open() > 0 && waitedMs < 2000; waitedMs += 10) await sleep(10);
}

describe.each(kinds)("%s", (kind) => {
  const probe = serverProbes[kind];

  describe.each(Object.entries(scripts))("script: %s", (_name, script) => {
    // The login is only tried on a server that answered the knock: a flood never gets that far.
    const stages = script === scripts.floods ? (["knock"] as const) : (["knock", "login"] as const);
    test.each(stages)("%s ends in time, is not ready, leaves no connection", async (stage) => {
      await probe.prepare();
      const server = await startScriptedServer(script);
      try {
        const startedMs = performance.now();
        const answer = await probe[stage](targetOf(kind, server.port), timeoutMs);
        expect(answer.ready).toBe(false);
        expect(performance.now() - startedMs).toBeLessThan(timeoutMs + slackMs);
        await untilNoConnections(server.openConnections);
        expect(server.openConnections()).toBe(0);
      } finally {
        await server.close();
      }
    });
  });

  test.each(["knock", "login"] as const)("%s: a closed port is refused", async (stage) => {
    const server = await startScriptedServer(scripts.silent);
    await server.close();
    const answer = await probe[stage](targetOf(kind, server.port), timeoutMs);
    expect(answer).toMatchObject({ ready: false, reason: "refused" });
  });

  test("knock: a silent port is silent, a foreign one is a wrong server, one that hangs up is refused", async () => {
    const reasons: string[] = [];
    for (const script of [scripts.silent, scripts.garbage, scripts.hangsUp]) {
      const server = await startScriptedServer(script);
      const answer = await probe.knock(targetOf(kind, server.port), timeoutMs);
      reasons.push(answer.ready ? "ready" : answer.reason);
      await server.close();
    }
    expect(reasons).toEqual(["silent", "wrong-server", "refused"]);
  });
});
