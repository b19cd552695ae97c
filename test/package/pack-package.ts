import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";

const repository = resolve(import.meta.dirname, "../..");

export interface PackedFile {
  /** Below the package's folder. */
  readonly path: string;
  readonly sizeBytes: number;
}

export interface PackedPackage {
  readonly root: string;
  /** What `npm pack` was made of. */
  readonly source: string;
  readonly tarball: string;
  readonly packedBytes: number;
  readonly files: readonly PackedFile[];
  /** The package as an install leaves it: with the packages that it depends on, and none of those that it is built with. */
  readonly installed: string;
}

/** Packs what is checked out, freshly built, and installs that without a network, from the packages of this clone. */
export async function packPackage(): Promise<PackedPackage> {
  const root = mkdtempSync(join(tmpdir(), "mybroker-package-"));
  const source = join(root, "source");
  mkdirSync(source);
  for (const name of readdirSync(repository)) {
    if (["node_modules", "dist", ".git"].includes(name)) continue;
    cpSync(join(repository, name), join(source, name), { recursive: true });
  }
  await execa(process.execPath, ["tools/build.mjs", join(source, "dist")], { cwd: repository });
  const packed = await execa("npm", ["pack", "--ignore-scripts", "--json"], { cwd: source });
  const described = JSON.parse(packed.stdout);
  // npm 12 answers with an object by name, those before with a list.
  const [facts] = Object.values(described) as [{ filename: string; size: number }];
  const tarball = join(source, facts.filename);
  const modules = join(root, "lab", "node_modules");
  const installed = join(modules, "mybroker");
  mkdirSync(installed, { recursive: true });
  await execa("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
  copyDependencies(modules, installed);
  const files = readdirSync(installed, { recursive: true, encoding: "utf8" }).flatMap((path) => {
    const facts = statSync(join(installed, path));
    return facts.isFile() ? [{ path, sizeBytes: facts.size }] : [];
  });
  return { root, source, tarball, packedBytes: facts.size, files, installed };
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Those of the package, and theirs: of optional ones what this machine has. */
function copyDependencies(modules: string, from: string): void {
  const manifest = JSON.parse(readFileSync(join(from, "package.json"), "utf8")) as Manifest;
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
    const there = join(repository, "node_modules", name);
    const here = join(modules, name);
    if (statSync(there, { throwIfNoEntry: false }) === undefined) continue;
    if (statSync(here, { throwIfNoEntry: false }) !== undefined) continue;
    cpSync(there, here, { recursive: true });
    copyDependencies(modules, here);
  }
}
