import { describeError } from "../../ready/servers/login-session.js";
import { openMongo } from "../../ready/servers/mongodb.js";
import { oneLine } from "../../ready/servers/wire.js";
import { type Finding, fine } from "../check.js";
import { repairWith } from "../fix/repair-with.js";
import { checkServers, driverTimeoutMs, type Examination } from "./examine.js";
import { isLeftOver, makeScratchName } from "./scratch-name.js";

export const mongodbCheck = checkServers({
  kind: "mongodb",
  title: "MongoDB takes the login, and writes",
  finds: ["mongodb.cannot-write"],
  examine: (examination) => [examineMongo(examination)],
});

/** In a database of its own, which ends with it. */
async function examineMongo({ target, session }: Examination): Promise<readonly Finding[]> {
  const startedMs = performance.now();
  const { service } = target;
  const client = await openMongo(target, { session, timeoutMs: driverTimeoutMs });
  const name = makeScratchName();
  const scratch = client.db(name);
  try {
    await scratch.collection("scratch").insertOne({ a: 1 });
    const found = await scratch.collection("scratch").findOne({ a: 1 });
    await scratch.collection("scratch").deleteMany({});
    if (found?.a !== 1) throw new Error("it did not give back what was just written");
  } catch (error) {
    return [
      {
        id: "mongodb.cannot-write",
        subject: service,
        level: "error",
        message: `${service} cannot write: ${oneLine(describeError(error).message)}`,
        fix: `{mybroker} restart ${service}`,
        repair: repairWith("restart", service),
      },
    ];
  } finally {
    await dropScratch(client, name);
  }
  const tookMs = Math.round(performance.now() - startedMs);
  return [fine("mongodb.works", service, `a document written, read and deleted, ${tookMs} ms`)];
}

/** And what runs before this one left; what cannot be dropped now is dropped by the next. */
async function dropScratch(client: Awaited<ReturnType<typeof openMongo>>, own: string): Promise<void> {
  await client
    .db(own)
    .dropDatabase()
    .catch(() => {});
  const { databases } = await client
    .db("admin")
    .admin()
    .listDatabases({ nameOnly: true })
    .catch(() => ({ databases: [] }));
  for (const { name } of databases.filter((each) => isLeftOver(each.name))) {
    await client
      .db(name)
      .dropDatabase()
      .catch(() => {});
  }
}
