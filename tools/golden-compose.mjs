// Makes the golden files of cli/compose and cli/env anew with a real docker compose plugin (2.40.3), which needs no
// engine for it:  node tools/golden-compose.mjs [path of docker-compose]
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const plugin = process.argv[2] ?? "docker-compose";
const root = join(dirname(fileURLToPath(import.meta.url)), "..");

const version = execFileSync(plugin, ["version", "--short"], { encoding: "utf8" }).trim();
if (!version.startsWith("2.40.3")) {
  console.error(`${plugin} is ${version}; the golden files are those of 2.40.3`);
  process.exit(1);
}

/** Runs the plugin with nothing of this shell but the PATH. */
function run(cwd, args, env = {}) {
  const result = spawnSync(plugin, args, {
    cwd,
    encoding: "utf8",
    env: { PATH: process.env.PATH, HOME: "/home/user", ...env },
  });
  if (result.error) throw result.error;
  return result;
}

function runOrFail(cwd, args, env) {
  const result = run(cwd, args, env);
  if (result.status === 0) return result.stdout;
  throw new Error(`${cwd}: ${plugin} ${args.join(" ")}\n${result.stderr}`);
}

function flags(settings) {
  return [
    ...(settings.files ?? []).flatMap((file) => ["-f", file]),
    ...(settings.envFiles ?? []).flatMap((file) => ["--env-file", file]),
    ...(settings.profiles ?? []).flatMap((profile) => ["--profile", profile]),
    ...(settings.name ? ["-p", settings.name] : []),
    ...(settings.projectDirectory ? ["--project-directory", settings.projectDirectory] : []),
  ];
}

/** `config` prints a literal $ as $$. */
function unescapeDollars(value) {
  if (typeof value === "string") return value.replaceAll("$$", "$");
  if (Array.isArray(value)) return value.map(unescapeDollars);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, unescapeDollars(child)]));
}

function writeProjects() {
  const fixtures = join(root, "cli/compose/fixtures/accepted");
  for (const name of readdirSync(fixtures)) {
    const folder = join(fixtures, name);
    const settingsFile = join(folder, "arguments.json");
    const settings = existsSync(settingsFile) ? JSON.parse(readFileSync(settingsFile, "utf8")) : {};
    const cwd = join(folder, settings.cwd ?? ".");
    const printed = runOrFail(cwd, [...flags(settings), "config", "--format", "json"], settings.env);
    const config = unescapeDollars(JSON.parse(printed.replaceAll(folder, "/project")));
    // The hash is taken over real paths, so that only files without any can be compared on another machine; and
    // 2.40.3 leaves env_file out of what `config --hash` looks at.
    const comparable = settings.hashes !== false && !printed.includes(folder);
    const hashes = comparable
      ? Object.fromEntries(
          runOrFail(cwd, [...flags(settings), "config", "--hash", "*"], settings.env)
            .trim()
            .split("\n")
            .map((line) => line.split(" ")),
        )
      : undefined;
    writeFileSync(join(folder, "golden.json"), `${JSON.stringify({ config, hashes }, null, 2)}\n`);
  }
}

function writeRefusals() {
  const fixtures = join(root, "cli/compose/fixtures/refused");
  const golden = {};
  for (const file of readdirSync(fixtures).filter((name) => name.endsWith(".yaml"))) {
    golden[file] = run(fixtures, ["-p", "p", "-f", file, "config", "--format", "json"]).status !== 0;
  }
  writeFileSync(join(fixtures, "golden.json"), `${JSON.stringify(golden, null, 2)}\n`);
}

function writeEnvironments() {
  const fixtures = join(root, "cli/env/fixtures/compose");
  const golden = {};
  for (const file of readdirSync(fixtures).filter((name) => name.endsWith(".env"))) {
    golden[file] = readEnvironment(fixtures, file);
  }
  writeFileSync(join(fixtures, "golden.json"), `${JSON.stringify(golden, null, 2)}\n`);
}

/** The variables of an .env file by way of a service that passes all of them on; null when Compose refuses the file. */
function readEnvironment(fixtures, file) {
  const names = JSON.parse(readFileSync(join(fixtures, "names.json"), "utf8"));
  const args = ["--env-file", file, "-f", "../compose-names.yaml", "config", "--format", "json"];
  writeFileSync(
    join(fixtures, "../compose-names.yaml"),
    JSON.stringify({ name: "p", services: { a: { image: "a", environment: names } } }),
  );
  const result = run(fixtures, args, { SHELL_ONE: "from shell" });
  if (result.status !== 0) return null;
  const { environment } = JSON.parse(result.stdout).services.a;
  const set = Object.entries(unescapeDollars(environment)).filter(([, value]) => value !== null);
  return Object.fromEntries(set);
}

writeProjects();
writeRefusals();
writeEnvironments();
