import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** An id that owns nothing on the machine. */
const plainUser = 54_321;
const root = resolve(import.meta.dirname, "../..");
const firstScreen = readFileSync(join(root, "README.md"), "utf8").split("\n## ")[0] ?? "";
const commands = [...firstScreen.matchAll(/```(?:sh|bash|console)\n([\s\S]*?)```/g)].flatMap(
  ([, block = ""]) => block.split("\n").filter((line) => line.trim() !== ""),
);

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mybroker-readme-"));
  chmodSync(folder, 0o755);
  for (const version of ["10", "11"]) {
    execFileSync(
      "npm",
      ["install", "--prefix", join(folder, `npm-${version}`), "--no-save", `npm@${version}`],
      {
        stdio: "pipe",
      },
    );
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  readonly status: number | null;
  readonly text: string;
}

/** Runs lines in one fresh clone, each to its end, as somebody who has nothing but Node. */
function runAsStranger(lines: readonly string[], npmVersion: string): Outcome[] {
  const place = mkdtempSync(join(folder, "stranger-"));
  const home = join(place, "home");
  mkdirSync(home);
  execFileSync("git", ["clone", "--quiet", "--no-local", root, join(place, "clone")]);
  if (process.getuid?.() === 0) execFileSync("chown", ["-R", `${plainUser}:${plainUser}`, place]);
  chmodSync(place, 0o755);
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|DOCKER_|COMPOSE_|MYBROKER_|VITEST|NODE_ENV|CI$|TEST$|XDG_|INIT_CWD)/i.test(name),
  );
  const env = {
    ...Object.fromEntries(inherited),
    HOME: home,
    PATH: `${join(folder, `npm-${npmVersion}`, "node_modules/.bin")}:${process.env.PATH}`,
    // Whatever engine this machine has, the stranger's has none.
    DOCKER_HOST: `unix://${join(place, "no-engine.sock")}`,
    FORCE_COLOR: "0",
  };
  const outcomes = lines.map((line) => {
    const { status, stdout, stderr } = spawnSync("sh", ["-c", line], {
      cwd: join(place, "clone"),
      env,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      ...(process.getuid?.() === 0 ? { uid: plainUser, gid: plainUser } : {}),
    });
    return { status, text: stripVTControlCharacters(stdout + stderr) };
  });
  rmSync(place, { recursive: true, force: true });
  return outcomes;
}

describe("README", () => {
  it("has three commands on its first screen", () => {
    expect(commands).toEqual([
      "npm ci && npx mybroker up",
      "npx mybroker order buy PETR4 100 --watch",
      "npm ci && npm test",
    ]);
  });

  for (const version of ["10", "11"]) {
    it(`its first two bring the system up and fill an order with npm ${version}, without an engine`, () => {
      const lines = [...commands.slice(0, 2), "npx mybroker ps -o json", "npx mybroker down"];
      const [up, order, ps, down] = runAsStranger(lines, version);
      expect(up).toMatchObject({ status: 0, text: expect.stringContaining("no-engine.sock") });
      expect(up?.text).toMatch(/\n\d+ ready in .*embedded/);
      expect(up?.text).not.toMatch(/npm warn|^ +at /im);
      expect(order).toMatchObject({ status: 0, text: expect.stringMatching(/FILLED +100 at R\$ \d/) });
      const { runtime, data } = JSON.parse(ps?.text ?? "{}") as {
        runtime: string;
        data: { services: { service: string; state: string }[] };
      };
      expect(runtime).toBe("embedded");
      expect(data.services.map(({ service }) => service)).toEqual(
        expect.arrayContaining(["kafka", "rabbitmq", "broker-order-db", "broker-order"]),
      );
      expect(data.services.filter(({ state }) => state !== "ready")).toEqual([]);
      expect(down).toMatchObject({ status: 0 });
    });
  }

  // The very tests that CI has run before, once more as a stranger.
  it.runIf(process.env.MYBROKER_LONG_RUNS === "1")(
    "its last command passes with the npm that Node 20 brings",
    () => {
      const [tests] = runAsStranger([commands.at(-1) ?? ""], "10");
      expect({ status: tests?.status, text: tests?.status === 0 ? "" : tests?.text.slice(-4_000) }).toEqual({
        status: 0,
        text: "",
      });
      expect(tests?.text).not.toMatch(/npm warn/i);
      expect(tests?.text).toMatch(/Tests +\d+ passed/);
    },
  );
});
