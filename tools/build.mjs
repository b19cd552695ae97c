// Bundles the CLI into dist/, so that starting it costs a few file reads and not a thousand.
import { rmSync } from "node:fs";
import { build } from "esbuild";

rmSync("dist", { recursive: true, force: true });
await build({
  entryPoints: { main: "cli/main.ts" },
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "bundle",
  // Optional native parts that their packages do without when they are absent.
  external: ["*.node", "cpu-features"],
  chunkNames: "chunks/[name]-[hash]",
  sourcemap: false,
  logLevel: "warning",
  // Dependencies in CommonJS call require() for Node's own modules.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
});
