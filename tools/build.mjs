// Bundles the CLI, the embedded runtime and the services into dist/ (or the folder that is named), so that starting them
// costs a few file reads and not a thousand.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { writeLicenses } from "./build-licenses.mjs";
import { buildServices } from "./build-services.mjs";

// dockerode pulls these in for BuildKit sessions and its own ssh, which the CLI does not use (an ssh engine is
// reached through the user's ssh). Left in, they double the start and ssh2 does not even load from a bundle.
const unusedByTheCli = {
  name: "unused-by-the-cli",
  setup(plugins) {
    const filter = /^(ssh2|@grpc\/grpc-js|@grpc\/proto-loader|protobufjs)$/;
    plugins.onResolve({ filter }, ({ path }) => ({ path, namespace: "unused" }));
    plugins.onLoad({ filter: /.*/, namespace: "unused" }, () => ({ contents: "module.exports = {};" }));
  },
};

const outdir = process.argv[2] ?? "dist";
rmSync(outdir, { recursive: true, force: true });
const shared = {
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "bundle",
  // Optional native parts that their packages do without when they are absent; libsql finds its own by a computed name.
  external: ["*.node", "cpu-features", "libsql"],
  plugins: [unusedByTheCli],
  chunkNames: "chunks/[name]-[hash]",
  sourcemap: false,
  metafile: true,
  logLevel: "warning",
  // Dependencies in CommonJS call require() for Node's own modules.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
};
const cli = await build({
  ...shared,
  entryPoints: { main: "cli/main.ts", embedded: "embedded/main.ts", keeper: "cli/replace/keeper-main.ts" },
  outdir,
});
const services = await buildServices(join(outdir, "services"), shared);
writeLicenses(join(outdir, "THIRD-PARTY-LICENSES.txt"), [cli.metafile, services.metafile]);
