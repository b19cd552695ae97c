#!/usr/bin/env node
// Kept to syntax and modules that old Node versions understand, so that they can be told what is missing.
import { existsSync, readFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major, minor] = process.versions.node.split(".").map(Number);
const built = join(root, "dist", "main.js");

if (major < 20 || (major === 20 && minor < 19)) {
  refuse(
    `Node.js ${process.versions.node} is too old: mybroker needs 20.19 or later. Install the newest LTS from https://nodejs.org`,
  );
} else if (process.platform === "win32") {
  refuse("mybroker does not run on Windows itself: it needs Linux or macOS. Run it in WSL2 (wsl --install)");
} else if (process.argv.length === 3 && (process.argv[2] === "--version" || process.argv[2] === "-v")) {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  try {
    writeSync(1, `${version}\n`);
  } catch (error) {
    // A reader that went away is no failure.
    if (error.code !== "EPIPE") refuse(`mybroker: cannot print: ${error.message}`);
  }
} else if (!existsSync(built)) {
  refuse("mybroker is not built in this clone: run  npm ci");
} else {
  const { main } = await import(pathToFileURL(built).href);
  await main(root);
}

function refuse(line) {
  process.stderr.write(`${line}\n`);
  process.exitCode = 3;
}
