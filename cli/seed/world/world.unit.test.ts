import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checksumWorld } from "./checksum.js";
import { cacheParts, documentParts, sqlParts } from "./parts.js";
import { groupBy, type Row, readRows } from "./testing/read-world.js";
import { createWorld, passwordHashPlaceholder, type World, type WorldOptions } from "./world.js";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const anyOptions = fc.record({
  randomSeed: fc.integer({ min: 0, max: 0xffffffff }),
  scale: fc.constantFrom(0.01, 0.013, 0.02),
  asOfMs: fc.integer({ min: Date.UTC(2024, 0), max: Date.UTC(2036, 0) }),
});
const runs = { numRuns: 4 };

/** Every row, document and entry as a line of text. */
function* readLines(world: World): Generator<string> {
  for (const part of sqlParts) {
    for (const { table, rows } of world.rowsOf(part)) {
      for (const row of rows) {
        const values = row.map((value, index) => {
          const isTime =
            table.columns[index]?.kind === "timestamp" || table.columns[index]?.kind === "milliseconds";
          return isTime && value !== null ? new Date(Number(value)).toISOString() : value;
        });
        yield `${part} ${table.name} ${JSON.stringify(values)}`;
      }
    }
  }
  for (const part of documentParts) {
    for (const { collection, documents } of world.documentsOf(part)) {
      for (const document of documents) yield `${collection.name} ${JSON.stringify(document)}`;
    }
  }
  for (const part of cacheParts) yield `${part} ${JSON.stringify(world.entriesOf(part))}`;
}

const times =
  /\d{4}-\d\d-\d\dT[\d:.]+Z|\d{4}-\d\d-\d\d|[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g;

/** Times, days and those in ids as offsets from as-of. */
function relate(line: string, asOfMs: number): string {
  return line.replaceAll(times, (text) => {
    if (text.length < 30) return `@${Date.parse(text) - Math.floor(asOfMs / dayMs) * dayMs}`;
    const atMs = Number.parseInt(text.slice(0, 8) + text.slice(9, 13), 16);
    return `@${atMs - asOfMs}${text.slice(13)}`;
  });
}

function readTimes(line: string): number[] {
  return [...line.matchAll(times)].map(([text]) =>
    text.length < 30 ? Date.parse(text) : Number.parseInt(text.slice(0, 8) + text.slice(9, 13), 16),
  );
}

describe("a world", () => {
  it("is the same at every iteration, and its tables are the same alone as among the others", () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        const world = createWorld(options);
        expect([...readLines(world)]).toEqual([...readLines(createWorld(options))]);
        expect([...world.rowsOf("wallet", "positions")]).toEqual(
          [...world.rowsOf("wallet")].filter(({ table }) => table.name === "positions"),
        );
      }),
      runs,
    );
  });

  it("is the same of every day, but for the day", () => {
    fc.assert(
      fc.property(anyOptions, fc.integer({ min: 1, max: 4_000 }), (options, days) => {
        const one = createWorld(options);
        const other = createWorld({ ...options, asOfMs: options.asOfMs + days * dayMs });
        const linesOf = (world: World) => [...readLines(world)].map((line) => relate(line, world.asOfMs));
        expect(linesOf(one)).toEqual(linesOf(other));
        expect(one.id).toBe(other.id);
      }),
      runs,
    );
  });

  it("lies in the 30 days before the start of its day in Sao Paulo, and ids carry its times", () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        const world = createWorld(options);
        expect(world.asOfMs % dayMs).toBe(3 * hourMs);
        expect(options.asOfMs - world.asOfMs).toBeGreaterThanOrEqual(0);
        expect(options.asOfMs - world.asOfMs).toBeLessThan(dayMs);
        let [first, last] = [Number.POSITIVE_INFINITY, 0];
        for (const line of readLines(world)) {
          for (const atMs of readTimes(line)) {
            first = Math.min(first, atMs);
            last = Math.max(last, atMs);
          }
        }
        // A day alone is read as midnight in UTC.
        expect(first).toBeGreaterThanOrEqual(world.asOfMs - 30 * dayMs - 3 * hourMs);
        expect(last).toBe(world.asOfMs);
      }),
      { numRuns: 2 },
    );
  });

  it("has the content that it always had", async () => {
    const { total } = await checksumWorld({ randomSeed: 42, scale: 0.1 });
    expect(total).toBe("751d801d2a8bf07c54cf174f30dbb63a2a92df92d06338d3d61d7caf49898caf");
  });

  it("has another content with another seed or scale", async () => {
    const totals = [
      { randomSeed: 42, scale: 0.01 },
      { randomSeed: 43, scale: 0.01 },
      { randomSeed: 42, scale: 0.02 },
    ].map(
      async (options) => (await checksumWorld(options)).total + createWorld({ ...options, asOfMs: 0 }).id,
    );
    expect(new Set(await Promise.all(totals)).size).toBe(3);
  });

  it("has as much as it says, in batches of at most 1,000", () => {
    const world = createWorld({ randomSeed: 1, scale: 0.1, asOfMs: Date.UTC(2026, 10, 22) });
    expect(world.counts).toEqual({ users: 100, orders: 2_000, ticks: 10_000 });
    expect(readRows(world, "identity", "users")).toHaveLength(100);
    expect(readRows(world, "order", "orders")).toHaveLength(2_000);
    const batches = [...world.documentsOf("market-data")];
    expect(batches.flatMap(({ documents }) => documents)).toHaveLength(10_000);
    for (const part of sqlParts) {
      for (const { rows } of world.rowsOf(part)) expect(rows.length).toBeLessThanOrEqual(1_000);
    }
    expect(Math.max(...batches.map(({ documents }) => documents.length))).toBeLessThanOrEqual(1_000);
  });

  it.each<Partial<WorldOptions>>([
    { scale: 0.009 },
    { scale: 101 },
    { scale: Number.NaN },
    { randomSeed: -1 },
    { randomSeed: 1.5 },
    { randomSeed: 2 ** 32 },
    { asOfMs: Number.NaN },
  ])("refuses %j", (wrong) => {
    expect(() => createWorld({ randomSeed: 1, scale: 1, asOfMs: 0, ...wrong })).toThrow(RangeError);
  });
});

describe("users", () => {
  const world = createWorld({ randomSeed: 42, scale: 1, asOfMs: Date.UTC(2026, 10, 22) });
  const users = readRows(world, "identity", "users");
  const digitsOf = ({ cpf }: Row) => [...String(cpf)].map(Number);

  it("have addresses of their own in letters that every keyboard has", () => {
    expect(new Set(users.map(({ email }) => email)).size).toBe(users.length);
    for (const { email } of users) expect(email).toMatch(/^[a-z]+\.[a-z]+[1-9]\d*@example\.com$/);
    expect(users[0]?.email).toBe(world.loginEmail);
    expect(users.some(({ name }) => /[áãçéíóúâêô]/i.test(String(name)))).toBe(true);
  });

  it("have CPF numbers of their own with the right check digits", () => {
    expect(new Set(users.map(({ cpf }) => cpf)).size).toBe(users.length);
    for (const user of users) {
      const digits = digitsOf(user);
      expect(digits).toHaveLength(11);
      expect(new Set(digits).size).toBeGreaterThan(1);
      for (const length of [9, 10]) {
        const weighed = digits
          .slice(0, length)
          .reduce((sum, digit, at) => sum + digit * (length + 1 - at), 0);
        const rest = weighed % 11;
        expect(digits[length]).toBe(rest < 2 ? 0 : 11 - rest);
      }
    }
  });

  it("leave their password to the loader, and follow SEED_USER_PASSWORD", () => {
    expect(new Set(users.map(({ password_hash }) => password_hash))).toEqual(
      new Set([passwordHashPlaceholder]),
    );
    expect(users.every(({ seed_password, role }) => seed_password === 1 && role === "USER")).toBe(true);
  });

  it("have ids that sort as they were made, and nothing else has theirs", () => {
    const ids = [
      ...users.map(({ user_id }) => user_id),
      ...readRows(world, "order", "orders").map(({ order_id }) => order_id),
      ...readRows(world, "wallet", "transactions").map(({ transaction_id }) => transaction_id),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    const ofUser = groupBy(readRows(world, "order", "orders"), ({ user_id }) => user_id);
    for (const orders of ofUser.values()) {
      const made = orders.map(({ order_id }) => String(order_id));
      expect(made).toEqual([...made].sort());
    }
  });
});
