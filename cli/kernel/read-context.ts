import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join, relative, resolve } from "node:path";
import { quoteForShell } from "../errors/quote-for-shell.js";
import type { Context } from "./context.js";

/**
 * Reads process, terminal and environment once. `packageRoot` is the folder of package.json; `signal` is the one that
 * the signal handlers abort.
 */
export function readContext(packageRoot: string, signal: AbortSignal): Context {
  const manifest = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string };
  return {
    cwd: process.cwd(),
    homeDir: process.env.HOME ?? findHome(),
    env: process.env,
    platform: process.platform,
    uid: process.getuid?.(),
    stdinIsTty: process.stdin.isTTY === true,
    stdoutIsTty: process.stdout.isTTY === true,
    stderrIsTty: process.stderr.isTTY === true,
    columns: process.stdout.columns || process.stderr.columns || 80,
    invocation: describeInvocation(process.argv[1] ?? "mybroker", process.env, process.cwd()),
    version: manifest.version,
    packageRoot,
    now: Date.now,
    signal,
  };
}

/** How to spell the next command, so that it can be typed as printed. */
export function describeInvocation(
  scriptPath: string,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): string {
  if (env.npm_command === "exec" || env.npm_lifecycle_event === "npx")
    return `npx ${findPackage(scriptPath, cwd) ?? "mybroker"}`;
  const name = basename(scriptPath);
  if (!name.endsWith(".js")) return name;
  return `node ${relative(cwd, scriptPath)}`;
}

/**
 * What npx was told to fetch, where it was no package of the project that one stands in: it installs that into a folder
 * of its cache and notes it there. A file's path becomes absolute, for the next command may be typed elsewhere; without
 * file: npx would run it.
 */
function findPackage(scriptPath: string, cwd: string): string | undefined {
  const folder = /^.*\/_npx\/[^/]+(?=\/)/.exec(scriptPath)?.[0];
  if (folder === undefined) return undefined;
  try {
    const noted = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = /^file:(.*)$/.exec(noted.dependencies?.mybroker)?.[1];
    if (file === undefined) return noted._npx?.packages?.[0];
    const path = resolve(folder, file);
    // In a clone npx finds the package by its name.
    return relative(path, cwd).startsWith("..") ? quoteForShell(`file:${path}`) : undefined;
  } catch {
    return undefined;
  }
}

/** A user id without an entry in the list of users, as containers have them, has no home: "". */
function findHome(): string {
  try {
    return homedir();
  } catch {
    return "";
  }
}
