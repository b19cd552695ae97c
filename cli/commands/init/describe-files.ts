import { join } from "node:path";
import type { CopiedProject } from "../../env/copy-project.js";
import type { KeptFile } from "../../env/plan-project-files.js";
import { quoteForShell } from "../../errors/quote-for-shell.js";
import type { Context } from "../../kernel/context.js";
import { countOf, wrap } from "../../output/units.js";

export interface InitPlace {
  readonly context: Context;
  /** Of the project, absolute. */
  readonly folder: string;
  readonly copied: CopiedProject;
}

/** What became of the project's files; those that somebody changed are told where this version has something new. */
export function describeFiles({ context, folder, copied }: InitPlace): string[] {
  const { made, refreshed, removed, kept } = copied;
  const outdated = kept.filter((file) => file.outdated);
  return [
    ...(made.length === 0 ? [] : [`Made in ${folder}: ${listTops(made)}`]),
    ...(refreshed.length === 0
      ? []
      : wrap(
          `Refreshed to ${context.version}: ${listTops(refreshed)} (${countOf(refreshed.length, "file")})`,
        )),
    ...(removed.length === 0
      ? []
      : [`Removed ${countOf(removed.length, "file")} that ${context.version} does not have.`]),
    ...outdated.slice(0, shownFiles).flatMap((file) => describeKept(file, context)),
    ...(outdated.length > shownFiles
      ? [`… and ${outdated.length - shownFiles} more like these (-o json lists them).`]
      : []),
  ];
}

const shownFiles = 3;

function describeKept({ path, reason }: KeptFile, { packageRoot, version }: Context): string[] {
  const name = quoteForShell(path);
  if (reason === "foreign")
    return [`${path} is a link or no file, so it stays; nothing is written through it.`];
  return [
    `${path} was changed, so it stays. ${version} has another one:`,
    `  see it:   diff ${name} ${quoteForShell(join(packageRoot, path))}`,
    `  take it:  mv ${name} ${quoteForShell(`${path}.old`)} && {mybroker} init`,
  ];
}

/** "docker-compose.yml, templates/": files, and folders once. */
function listTops(paths: readonly string[]): string {
  return [...new Set(paths.map((path) => path.replace(/\/.*$/, "/")))].join(", ");
}

export function filesToData({ context, folder, copied }: InitPlace) {
  const { made, refreshed, removed, kept } = copied;
  return {
    folder,
    made,
    refreshed,
    removed,
    kept: kept.map(({ path, reason, outdated }) => ({
      path,
      reason: reason === "changed" ? "changed" : "not-a-file",
      newer: outdated ? join(context.packageRoot, path) : null,
    })),
  };
}
