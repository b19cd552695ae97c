import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { CannotRun } from "../judge.mjs";
import { runCommand } from "../run-command.mjs";

const scripts = "tools/prove/bare-debian";
const clone = "home/stranger/mybroker";
const base = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "mybroker-prove", "debian-trixie");
const filled = /FILLED +100 at R\$ \d/;
const certificates = "/etc/ssl/certs/ca-certificates.crt";

export const bareDebian = {
  id: "bare-debian",
  text: "The README's two commands, on a Debian that has Node.js and npm and nothing else, as an ordinary user",
  run: async (context) => {
    if (process.platform !== "linux" || process.getuid?.() !== 0)
      throw new CannotRun("only root of a Linux can make one");
    await makeBase(context);
    const folder = mkdtempSync(join(tmpdir(), "mybroker-debian-"));
    try {
      const root = await copyBase(context, folder);
      const lines = readCommands(join(root, clone));
      const asked = ["node --version && npm --version && . /etc/os-release && echo $PRETTY_NAME", ...lines];
      const [versions, up, order] = await typeLines(context, { root, lines: asked });
      const [node, npm, debian] = versions.text.trim().split("\n");
      return {
        passed: up.exitCode === 0 && order.exitCode === 0 && filled.test(order.text),
        figure: [up, order].map(({ seconds }, index) => `\`${lines[index]}\` ${seconds} s`).join(", "),
        evidence: [
          `${debian} made by debootstrap, Node.js ${node.slice(1)}, npm ${npm}, an empty npm cache, no Docker`,
          `exit ${up.exitCode}: ${lineWith(up.text, / ready in /)}`,
          `exit ${order.exitCode}: ${lineWith(order.text, filled)}`,
        ],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Once; later runs copy it. */
async function makeBase(context) {
  if (existsSync(base)) return;
  try {
    await runCommand(context, { command: ["bash", join(scripts, "make-base.sh"), base] });
  } catch (error) {
    throw new CannotRun(`no Debian can be made here: ${error.shortMessage}`);
  }
}

/** A copy with a clone of this repository in it, and with this machine's way to the registry. */
async function copyBase(context, folder) {
  const root = join(folder, "root");
  await runCommand(context, { command: ["cp", "-a", base, root] });
  await runCommand(context, {
    command: ["git", "clone", "--quiet", "--no-local", context.root, join(root, clone)],
  });
  await runCommand(context, {
    command: ["chroot", root, "chown", "-R", "stranger:stranger", "/home/stranger"],
  });
  for (const file of ["/etc/resolv.conf", "/etc/hosts", certificates]) {
    if (!existsSync(file)) continue;
    mkdirSync(join(root, file, ".."), { recursive: true });
    cpSync(file, join(root, file), { dereference: true });
  }
  return root;
}

/** The two in the README's first block. */
function readCommands(folder) {
  const [, block = ""] = /```sh\n([\s\S]*?)```/.exec(readFileSync(join(folder, "README.md"), "utf8")) ?? [];
  const lines = block.trim().split("\n");
  if (lines.length !== 2)
    throw new Error(`the README's first block has ${lines.length} lines, and should have two`);
  return lines;
}

/** @returns {Promise<{ text: string, exitCode: number, seconds: string }[]>} of each line */
async function typeLines(context, { root, lines }) {
  const [registry, cafile] = ["registry", "cafile"].map((key) => readNpmSetting(key));
  const settings = [
    `npm_config_registry=${registry}`,
    ...(existsSync(certificates) ? [`NODE_EXTRA_CA_CERTS=${certificates}`] : []),
    ...(cafile === "null" || cafile === "" ? [] : [`npm_config_cafile=${certificates}`]),
  ];
  const isolate = ["unshare", "--mount", "--pid", "--fork", "--kill-child"];
  const command = [...isolate, "bash", join(scripts, "enter.sh"), root, settings.join("\n"), ...lines];
  const { stdout } = await runCommand(context, { command, endBy: "SIGKILL" });
  const typed = [...stdout.matchAll(/([\s\S]*?)^@ended (\d+) (\d+)$/gm)];
  return typed.map(([, text, code, ms]) => ({
    text: stripVTControlCharacters(text).trim(),
    exitCode: Number(code),
    seconds: (Number(ms) / 1000).toFixed(1),
  }));
}

function readNpmSetting(key) {
  return execFileSync("npm", ["config", "get", key], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}

const lineWith = (text, pattern) =>
  text
    .split("\n")
    .findLast((line) => pattern.test(line))
    ?.trim() ?? "";
