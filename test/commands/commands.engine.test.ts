import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../support/run-cli.js";
import { cacheSecret, prepareSmallStack, type SmallStack } from "./small-stack.js";

let stack: SmallStack;

beforeAll(async () => {
  stack = await prepareSmallStack("commands");
  const run = await stack.cli("up", "--json");
  expect(run.json().error).toBeNull();
});

afterAll(() => stack?.remove());

interface Listed {
  containers: {
    project: string;
    service: string;
    id: string;
    condition: string;
    exitCode: number | null;
    addresses: string[];
  }[];
}

async function listed(...args: string[]): Promise<Listed["containers"]> {
  const run = await stack.cli("ps", ...args, "-o", "json");
  expect(run.stderr).toBe("");
  return (run.json().data as Listed).containers;
}

describe("ps", () => {
  it("lists what runs in the order of the file, with addresses", async () => {
    const containers = await listed();
    expect(containers.map(({ service, condition }) => `${service} ${condition}`)).toEqual([
      "cache ready",
      "web running",
      "counter running",
      "terminal running",
    ]);
    expect(containers[0]?.addresses).toEqual([`127.0.0.1:${stack.cachePort}`]);
  });

  it("fits a screen of 80 columns and ends with the next command", async () => {
    const { stdout, exitCode } = await stack.cli("ps");
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^SERVICE +STATE +SINCE +ADDRESS$/);
    expect(lines[1]).toMatch(new RegExp(`^cache +ready +\\d+ s +127\\.0\\.0\\.1:${stack.cachePort}$`));
    expect(lines.at(-1)).toBe("Next:  mybroker logs -f");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(exitCode).toBe(0);
  });

  it("shows with --all what has ended, and how", async () => {
    const job = (await listed("--all")).find(({ service }) => service === "job");
    expect(job).toMatchObject({ condition: "done", exitCode: 0 });
    expect((await stack.cli("ps", "-a")).stdout).toMatch(/^job +done +- *$/m);
  });

  it("takes names of services, prints ids alone with -q, and is also called status", async () => {
    const [web] = await listed("web");
    expect((await stack.cli("ps", "-q", "web")).stdout).toBe(`${web?.id}\n`);
    expect((await stack.cli("status", "-q", "web")).stdout).toBe(`${web?.id}\n`);
  });

  it("does not know a misspelt service and guesses which one was meant", async () => {
    expect(await stack.cli("ps", "cahe")).toMatchObject({
      exitCode: 2,
      stdout: "",
      stderr: "mybroker: unknown service cahe. Did you mean:  cache\n",
    });
  });

  it("lists every project of the engine from any folder", async () => {
    const setting = { cwd: "/", homeDir: stack.home, env: stack.env };
    const { stdout, exitCode } = await runCli(["ps", "--all-projects"], setting);
    expect(stdout).toMatch(/^PROJECT +SERVICE +STATE/);
    expect(stdout).toMatch(new RegExp(`^${stack.project} +cache +ready`, "m"));
    expect(exitCode).toBe(0);
    const named = await runCli(["-p", stack.project, "ps", "-q"], setting);
    expect(named.stdout.split("\n")).toHaveLength(5);
  });

  it("says where there is no project", async () => {
    const run = await runCli(["ps"], { cwd: "/", homeDir: stack.home, env: stack.env });
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(/compose/);
  });

  it("with --watch prints anew at each change and ends with the signal", async () => {
    const interruption = new AbortController();
    const states: string[] = [];
    // Each state that is seen leads to the next act.
    const act = (state: string | undefined): void => {
      if (state === "running" && states.length === 1) void stack.cli("stop", "-t", "0", "web");
      else if (state === "exited") void stack.cli("start", "web");
      else if (state === "running" && states.includes("exited")) interruption.abort();
    };
    const { exitCode, records } = await runCli(["ps", "--watch", "web", "-o", "json"], {
      cwd: stack.folder,
      homeDir: stack.home,
      env: stack.env,
      signal: interruption.signal,
      onOutput: (text) => {
        const { data } = JSON.parse(text) as { data: Listed };
        const state = data.containers[0]?.condition;
        if (state === states.at(-1)) return;
        states.push(state ?? "absent");
        act(state);
      },
    });
    expect(states).toEqual(["running", "exited", "running"]);
    expect(exitCode).toBe(0);
    for (const record of records()) expect(record).toMatchObject({ ok: true });
  }, 30_000);
});

describe("exec", () => {
  it("passes on what the command writes and how it ends", async () => {
    const run = await stack.cli("exec", "web", "sh", "-c", "echo out; echo err >&2; exit 7");
    expect(run).toEqual(expect.objectContaining({ exitCode: 7, stdout: "out\n", stderr: "err\n" }));
  });

  it("keeps the command's own flags", async () => {
    expect((await stack.cli("exec", "web", "echo", "-u", "--json", "-e", "x")).stdout).toBe(
      "-u --json -e x\n",
    );
  });

  it("takes user, folder and variables", async () => {
    const script = 'echo "$(id -u) $PWD $A$B"';
    const run = await stack.cli(
      ...["exec", "-T", "-u", "65534", "-w", "/tmp", "-e", "A=1", "-e", "B=2", "web", "sh", "-c", script],
    );
    expect(run.stdout).toBe("65534 /tmp 12\n");
  });

  it("gives the command its input, to the end", async () => {
    const run = await runCli(["exec", "web", "wc", "-c"], {
      cwd: stack.folder,
      homeDir: stack.home,
      env: stack.env,
      stdin: "x".repeat(300_000),
    });
    expect(run.stdout.trim()).toBe("300000");
  });

  it("puts what was written into the document with -o json", async () => {
    const run = await stack.cli("-o", "json", "exec", "web", "sh", "-c", "echo out; exit 3");
    expect(run.json()).toMatchObject({
      ok: false,
      data: { service: "web", exitCode: 3, stdout: "out\n", stderr: "" },
    });
    expect(run.exitCode).toBe(3);
  });

  it("says how to start what does not run, and what is no command", async () => {
    expect(await stack.cli("exec", "job", "true")).toMatchObject({
      exitCode: 1,
      stderr: "✖ job is not running\n  Do      mybroker up job\n",
    });
    expect((await stack.cli("exec", "wep", "true")).stderr).toContain("Did you mean:  web");
    const missing = await stack.cli("exec", "web", "no-such-program");
    expect(missing.exitCode).toBe(127);
  });
});

describe("connect", () => {
  it("logs in and hands arguments after -- to the client", async () => {
    const run = await stack.cli("connect", "cache", "--", "ping");
    expect(run).toMatchObject({ exitCode: 0, stdout: "PONG\n", stderr: "" });
  });

  it("names another way where a service has no client", async () => {
    expect((await stack.cli("connect", "web")).stderr).toContain("mybroker open web");
    expect(await stack.cli("connect", "counter")).toMatchObject({ exitCode: 2 });
  });
});

describe("open", () => {
  it("prints the address where there is no browser, and a list without a name", async () => {
    const url = `http://127.0.0.1:${stack.webPort}`;
    expect((await stack.cli("open", "web")).stdout.trim()).toBe(url);
    expect((await stack.cli("open", "--json")).json().data).toEqual({
      pages: [{ service: "web", url }],
      opened: false,
    });
    expect(await (await fetch(url)).text()).toBe("<p>hello</p>");
  });

  it("says which services have a page", async () => {
    const run = await stack.cli("open", "cache");
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain("web");
  });
});

describe("config", () => {
  it("lists services, images and volumes", async () => {
    expect((await stack.cli("config", "--services")).stdout.split("\n")).toContain("cache");
    expect((await stack.cli("--profile", "extra", "config", "--services")).stdout).toContain("extra");
    expect((await stack.cli("config", "--images")).stdout).toContain("busybox:1.37.0");
    expect((await stack.cli("config", "--volumes", "--json")).json().data).toEqual({
      volumes: ["cache-data"],
    });
  });

  it("masks the secret however the format spells it", async () => {
    for (const format of ["text", "json"]) {
      const { stdout } = await stack.cli("config", "-o", format);
      expect(stdout).toContain("••••");
      for (const part of [cacheSecret, cacheSecret.slice(0, 12)]) expect(stdout).not.toContain(part);
    }
  });
});

describe("env", () => {
  it("gives the login of a server, ready to be read by a program", async () => {
    const { data } = (await stack.cli("env", "cache", "--json")).json() as {
      data: { variables: Record<string, string> };
    };
    expect(data.variables).toMatchObject({ CACHE_HOST: "127.0.0.1", CACHE_PORT: String(stack.cachePort) });
    expect(data.variables.CACHE_PASSWORD).toBe(cacheSecret);
  });
});

describe("pull", () => {
  it("finds everything up to date", async () => {
    const run = await stack.cli("pull", "web", "--progress", "json");
    expect(run).toMatchObject({ exitCode: 0 });
    expect(run.stdout).toContain("1 image. All is up to date.");
    const events = run.stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { schema: string; status: string });
    expect(events.at(-1)).toMatchObject({ schema: "mybroker/progress@1", status: "done" });
  });

  it("names an image that its registry does not have, and pulls the others", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mybroker-pull-"));
    const file = join(folder, "compose.yaml");
    const missing = "busybox:no-such-tag";
    writeFileSync(
      file,
      `name: ${stack.project}-pull\nservices:\n  a: {image: "${missing}"}\n  b: {image: "busybox:1.37.0"}\n`,
    );
    const text = await stack.cli("-f", file, "pull");
    expect(text.exitCode).toBe(3);
    expect(text.stdout).toBe("");
    expect(text.stderr).toMatch(/✖ An image could not be pulled\n +busybox:no-such-tag: .+\n +Do +\S/);
    const json = (await stack.cli("-f", file, "pull", "--json")).json();
    expect(json.error).toMatchObject({
      code: "images.pull-failed",
      details: { images: [{ reference: missing }] },
    });
    rmSync(folder, { recursive: true });
  });

  it("says what would be pulled in a dry run", async () => {
    expect((await stack.cli("pull", "web", "--dry-run")).stdout).toBe("would pull busybox:1.37.0\n");
  });
});

describe("stop, start and restart", () => {
  it("stop one, say so, start it again", async () => {
    const stopped = await stack.cli("stop", "web");
    expect(stopped.stdout).toMatch(/^1 container stopped in /);
    expect((await listed("web"))[0]).toMatchObject({ condition: "exited" });
    expect(await stack.cli("open", "web")).toMatchObject({ exitCode: 1 });
    expect((await stack.cli("stop", "web")).stdout).toMatch(/^Nothing to do/);
    expect((await stack.cli("start", "web")).stdout).toMatch(/^1 container started in /);
    expect((await listed("web"))[0]).toMatchObject({ condition: "running" });
  });

  it("restarts without another container", async () => {
    const before = (await listed("web"))[0]?.id;
    expect((await stack.cli("restart", "-t", "1", "web", "--json")).json().data).toMatchObject({
      containers: [`${stack.project}-web-1`],
    });
    expect((await listed("web"))[0]?.id).toBe(before);
  });

  it("guesses names", async () => {
    for (const command of ["stop", "start", "restart"]) {
      expect(await stack.cli(command, "weeb")).toMatchObject({
        exitCode: 2,
        stderr: "mybroker: unknown service weeb. Did you mean:  web\n",
      });
    }
  });
});

describe("down", () => {
  it("asks before data go, and refuses where nobody can answer", async () => {
    const run = await stack.cli("down", "--volumes");
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(`${stack.project}_cache-data`);
    expect(run.stderr).toContain("--yes");
    expect(Object.keys(await stack.states())).toHaveLength(5);
  });

  it("leaves the data, then nothing", async () => {
    expect((await stack.cli("down", "-t", "1")).stdout).toMatch(
      /^Removed 5 containers, 1 network in .*\nData stays in 1 volume; .*--volumes\n/,
    );
    expect(await stack.leftovers()).toEqual([`${stack.project}_cache-data`]);
    expect((await stack.cli("down", "--volumes", "--yes", "--json")).json().data).toMatchObject({
      removed: { volumes: [`${stack.project}_cache-data`] },
    });
    expect(await stack.leftovers()).toEqual([]);
    expect((await stack.cli("ps")).stdout).toBe("Nothing runs.\nNext:  mybroker up\n");
  });
});
