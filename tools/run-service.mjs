// Runs a domain service from its source, and again whenever a file of it changes:  node tools/run-service.mjs NAME
// Its settings are the environment, which `mybroker replace NAME` gives it.
import { spawn } from "node:child_process";
import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { context } from "esbuild";

const [name] = process.argv.slice(2);
const root = resolve(import.meta.dirname, "..");
// Below node_modules, so that what the bundle leaves outside is found from there.
const cache = join(root, "node_modules", ".cache", "mybroker");
const outdir = join(cache, `${name}-${process.pid}`);
const graceMs = 5_000;
let child;
let ending = false;

const restart = {
  name: "restart",
  setup(build) {
    build.onEnd(async ({ errors }) => {
      // What runs goes on until the source is right again; esbuild has said what is wrong.
      if (errors.length > 0 || ending) return;
      await stop();
      const migrations = join(root, "services", name, "adapters", "migrations");
      if (existsSync(migrations)) {
        cpSync(migrations, join(outdir, "migrations", name), { recursive: true, force: true });
      }
      start();
    });
  },
};

function start() {
  if (ending) return;
  child = spawn(process.execPath, [join(outdir, "main.js"), "serve", name], { stdio: "inherit" });
  const started = child;
  child.once("exit", (code, signal) => {
    if (ending || started !== child) return;
    child = undefined;
    console.error(`${name} ended with ${code ?? signal}; it is started again when its source changes.`);
  });
}

async function stop() {
  const stopped = child;
  child = undefined;
  if (stopped === undefined || stopped.exitCode !== null || stopped.signalCode !== null) return;
  stopped.kill("SIGTERM");
  const timer = setTimeout(() => stopped.kill("SIGKILL"), graceMs);
  await new Promise((done) => stopped.once("exit", done));
  clearTimeout(timer);
}

/** Of runs that were killed before they could tidy up. */
function removeLeftovers() {
  for (const entry of existsSync(cache) ? readdirSync(cache) : []) {
    const pid = Number(/-(\d+)$/.exec(entry)?.[1]);
    try {
      process.kill(pid, 0);
    } catch {
      rmSync(join(cache, entry), { recursive: true, force: true });
    }
  }
}

removeLeftovers();
const builder = await context({
  entryPoints: [join(root, "services", "main.ts")],
  outdir,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "external",
  sourcemap: "inline",
  logLevel: "warning",
  plugins: [restart],
});
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, async () => {
    if (ending) return;
    ending = true;
    await stop();
    await builder.dispose();
    rmSync(outdir, { recursive: true, force: true });
    process.exit(0);
  });
}
await builder.watch();
