// npm run prove: docs/proof.md, claim by claim. Arguments: see `usage`.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, homedir, loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeMachine, machineLine } from "../bench/machine.mjs";
import { claims } from "./claims.mjs";
import { openEngine } from "./engine.mjs";
import { exitCodeOf, judge } from "./judge.mjs";
import { renderPage, renderTable } from "./page.mjs";

const usage = `usage: npm run prove [-- claim… [--write]]
${claims.map(({ id, text }) => `  ${id.padEnd(19)} ${text}`).join("\n")}
  --write             put what was measured into docs/proof.md
Exit code 0 where something passed and nothing failed.`;
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const asked = readArguments();
if (asked !== undefined) process.exitCode = await prove(asked);

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        write: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const unknown = positionals.find((name) => !claims.some(({ id }) => id === name));
    if (unknown !== undefined) throw new Error(`there is no claim ${unknown}`);
    const chosen = claims.filter(({ id }) => positionals.length === 0 || positionals.includes(id));
    if (!values.help) return { chosen, write: values.write };
    console.log(usage);
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exitCode = 2;
  }
}

async function prove({ chosen, write }) {
  const interrupted = new AbortController();
  const log = join(mkdtempSync(join(tmpdir(), "mybroker-prove-")), "log");
  const context = { root, log, signal: interrupted.signal };
  const say = (line) => console.error(line);
  const interrupt = () => {
    say("interrupted: what was started is taken down first");
    interrupted.abort();
  };
  for (const name of ["SIGINT", "SIGTERM"]) process.once(name, interrupt);
  say(`what the programs write: ${log}`);
  const [load = 0] = loadavg();
  if (load > 2 * availableParallelism())
    say(`the machine is busy (load ${load}): what fails may fail by that`);
  const engine = await findEngine(chosen, context, say);
  const date = new Date().toISOString().slice(0, 10);
  const results = [];
  try {
    Object.assign(process.env, engine.env);
    for (const claim of chosen) {
      say(`${claim.id} …`);
      const machine = machineLine(describeMachine(engine.env !== undefined));
      const result = { ...hidePlaces(await judge(claim, { ...context, engine })), machine };
      say(`${claim.id}: ${result.verdict}, ${result.seconds} s: ${result.figure}`);
      for (const line of result.evidence) say(`  - ${line}`);
      results.push(result);
    }
    const page = join(root, "docs/proof.md");
    const before = existsSync(page) ? readFileSync(page, "utf8") : "";
    if (write) writeFileSync(page, renderPage({ claims, results, date, page: before }));
    console.log(`${results[0].machine}\n\n${renderTable(results, date)}`);
  } finally {
    await engine.close();
  }
  const exitCode = exitCodeOf(results);
  if (exitCode === 0) rmSync(dirname(log), { recursive: true });
  return exitCode;
}

async function findEngine(chosen, context, say) {
  if (chosen.some(({ needsEngine }) => needsEngine)) return openEngine(context, say);
  return { missing: "no claim asked for one", close: async () => {} };
}

/** Messages name folders of this machine, which nobody else has. */
function hidePlaces(result) {
  const hide = (text) =>
    text.replaceAll(root, ".").replaceAll(homedir(), "~").replaceAll(`${tmpdir()}/`, "…/");
  return { ...result, figure: hide(result.figure), evidence: result.evidence.map(hide) };
}
