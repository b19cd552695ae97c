// The services' bundle: what their containers' image is built from, and where the embedded runtime finds migrations.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { build } from "esbuild";

/**
 * Writes main.js with its chunks, migrations/<service>/ and a Dockerfile into the folder.
 * @param {string} outdir
 * @param {import("esbuild").BuildOptions} options
 * @returns {Promise<import("esbuild").BuildResult>}
 */
export async function buildServices(outdir, options) {
  const result = await build({ ...options, entryPoints: { main: "services/main.ts" }, outdir });
  for (const name of readdirSync("services")) {
    const folder = join("services", name, "adapters", "migrations");
    if (existsSync(folder)) cpSync(folder, join(outdir, "migrations", name), { recursive: true });
  }
  mkdirSync(join(outdir, "migrations"), { recursive: true });
  writeFileSync(join(outdir, "package.json"), '{ "type": "module" }\n');
  // The digest tells whoever builds or runs the image whether it holds this very bundle.
  const recipe = readFileSync("services/Dockerfile", "utf8");
  writeFileSync(join(outdir, "Dockerfile"), recipe.replace("@DIGEST@", digestFolder(outdir, recipe)));
  return result;
}

function digestFolder(folder, recipe) {
  const hash = createHash("sha256").update(recipe);
  for (const name of readdirSync(folder, { recursive: true }).map(String).sort()) {
    const path = join(folder, name);
    if (statSync(path).isFile()) hash.update(`\0${relative(folder, path)}\0`).update(readFileSync(path));
  }
  return hash.digest("hex").slice(0, 24);
}
