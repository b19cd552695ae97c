import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { execa } from "execa";

const root = resolve(import.meta.dirname, "../../..");

/** A process of its own that uses the stores, to be killed. */
export interface StoreChild {
  /** The next line that it prints. */
  nextLine(): Promise<string>;
  /** Resolves with all lines that it printed, once it is gone. */
  killHard(): Promise<string[]>;
}

export interface StoreProgram {
  /** `order` is what the program reads as JSON. */
  start(order: object): StoreChild;
  remove(): void;
}

/** Bundles testing/run-store-child.ts with all that it imports. */
export async function buildStoreProgram(): Promise<StoreProgram> {
  const folder = mkdtempSync(join(tmpdir(), "store-child-"));
  const program = join(folder, "run.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "run-store-child.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    external: ["*.node", "cpu-features"],
    logLevel: "error",
    // The native part of libsql is looked for from here.
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire(${JSON.stringify(`${root}/package.json`)});`,
    },
  });
  return {
    start: (order) => startChild(program, order),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function startChild(program: string, order: object): StoreChild {
  const child = execa(process.execPath, [program], {
    input: JSON.stringify(order),
    reject: false,
    stdout: "pipe",
  });
  const lines: string[] = [];
  const iterator = child.iterable();
  return {
    async nextLine() {
      const { value, done } = await iterator.next();
      if (done) throw new Error(`the program ended: ${(await child).stderr}`);
      lines.push(String(value));
      return String(value);
    },
    async killHard() {
      child.kill("SIGKILL");
      for await (const line of iterator) lines.push(String(line));
      return lines;
    },
  };
}
