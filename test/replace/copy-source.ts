import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";

const repository = resolve(import.meta.dirname, "../..");

export interface SourceCopy {
  /** Puts this line at the end of what every service starts with; an earlier one is gone. */
  change(line: string): void;
  /** What running from source has left behind. */
  leftovers(): string[];
}

/** Makes the folder a clone in which a service can run from its source, and be changed. */
export function copySource(folder: string): SourceCopy {
  for (const name of ["services", "kit", "contracts"]) {
    cpSync(join(repository, name), join(folder, name), { recursive: true });
  }
  mkdirSync(join(folder, "tools"));
  copyFileSync(join(repository, "tools/run-service.mjs"), join(folder, "tools/run-service.mjs"));
  // A folder of its own with links in it: what is built is kept below it, and must not land in ours.
  const modules = join(folder, "node_modules");
  mkdirSync(modules);
  for (const name of readdirSync(join(repository, "node_modules"))) {
    if (!name.startsWith(".")) symlinkSync(join(repository, "node_modules", name), join(modules, name));
  }
  const main = join(folder, "services/main.ts");
  const text = readFileSync(main, "utf8");
  const cache = join(modules, ".cache", "mybroker");
  return {
    change: (line) => writeFileSync(main, `${text}\n${line}\n`),
    leftovers: () => (existsSync(cache) ? readdirSync(cache) : []),
  };
}
