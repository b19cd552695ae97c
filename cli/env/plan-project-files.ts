import { digestOf } from "./file-mark.js";
import type { ProjectManifest } from "./project-manifest.js";

/** What lies at a path of a project. */
export type FoundFile =
  | { readonly kind: "absent" }
  | { readonly kind: "file"; readonly text: string }
  /** A link, or below one, or no regular file: nothing is written there. */
  | { readonly kind: "foreign" };

export interface KeptFile {
  readonly path: string;
  readonly reason: "changed" | "foreign";
  /** This version ships another text than the one that was changed. */
  readonly outdated: boolean;
}

export interface ProjectFilesPlan {
  readonly make: readonly string[];
  readonly refresh: readonly string[];
  /** Written by an earlier version, unknown to this one. */
  readonly remove: readonly string[];
  readonly keep: readonly KeptFile[];
  /** Digests for the manifest once all that is done. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Decides for each file of a project: made where it is missing, refreshed where it still says what some `init` wrote,
 * left alone where somebody changed it. Without a manifest every other text counts as changed.
 * @param shipped path -> text, as this version has them, without marks
 */
export function planProjectFiles(
  shipped: ReadonlyMap<string, string>,
  manifest: ProjectManifest | undefined,
  look: (path: string) => FoundFile,
): ProjectFilesPlan {
  const plan = {
    make: [] as string[],
    refresh: [] as string[],
    remove: [] as string[],
    keep: [] as KeptFile[],
    files: {} as Record<string, string>,
  };
  const known = (path: string) => [manifest?.files[path], manifest?.pending?.[path]];
  for (const [path, text] of shipped) {
    const digest = digestOf(text);
    const found = look(path);
    const foundDigest = found.kind === "file" ? digestOf(found.text) : undefined;
    if (found.kind === "absent") plan.make.push(path);
    else if (foundDigest !== undefined && foundDigest !== digest && known(path).includes(foundDigest))
      plan.refresh.push(path);
    else if (foundDigest !== digest) {
      const before = manifest?.files[path];
      const reason = found.kind === "file" ? "changed" : "foreign";
      plan.keep.push({ path, reason, outdated: before !== digest });
      if (before !== undefined) plan.files[path] = before;
      continue;
    }
    plan.files[path] = digest;
  }
  for (const path of Object.keys({ ...manifest?.files, ...manifest?.pending })) {
    if (shipped.has(path) || !isProjectPath(path)) continue;
    const found = look(path);
    if (found.kind === "file" && known(path).includes(digestOf(found.text))) plan.remove.push(path);
  }
  return plan;
}

/** A manifest comes with a clone, from whomever: what it names is looked at only where `init` writes. */
function isProjectPath(path: string): boolean {
  const parts = path.split("/");
  return (parts[0] === "templates" || path.startsWith("dist/services/")) && !parts.includes("..");
}
