import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStores } from "./open-stores.js";

const services = [
  { name: "broker-order-db", kind: "mysql" },
  { name: "b3-core-db", kind: "postgres" },
  { name: "broker-mongodb", kind: "mongodb" },
  { name: "b3-market-cache", kind: "redis" },
  { name: "kafka", kind: "kafka" },
];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stores-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("openStores", () => {
  it("keeps each store in a file of its own that only its user can read", async () => {
    const stores = await openStores({ folder, services });
    try {
      expect(stores.map(({ name }) => name)).toEqual(services.slice(0, 4).map(({ name }) => name));
      for (const store of stores) {
        await store.check();
        expect((await stat(store.path)).mode & 0o777).toBe(0o600);
      }
      expect(new Set(stores.map(({ path }) => path)).size).toBe(4);
    } finally {
      for (const store of stores) store.close();
    }
  });

  it("opens again what it closed, and beside another that has it open", async () => {
    for (const store of await openStores({ folder, services })) store.close();
    const first = await openStores({ folder, services });
    const second = await openStores({ folder, services });
    await Promise.all([...first, ...second].map((store) => store.check()));
    for (const store of [...first, ...second]) store.close();
  });

  it("names the file that is damaged", async () => {
    const path = join(folder, "b3-core-db.sqlite");
    await writeFile(path, "not a database ".repeat(400));
    await expect(openStores({ folder, services })).rejects.toMatchObject({
      code: "DATA_DAMAGED",
      message: expect.stringContaining(path),
    });
  });

  it("says what Node says of a folder that is not there", async () => {
    await expect(openStores({ folder: join(folder, "none"), services })).rejects.toMatchObject({
      code: "ENOENT",
    });
  });
});
