import { createHash } from "node:crypto";
import { ownLabelPrefix } from "../compose/label-names.js";
import type { FileObject, FileReference, Project, Service } from "../compose/model.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";

/** Our label on containers with inline files: JSON, target -> digest. */
export const inlineFilesLabel = `${ownLabelPrefix}inline-files`;

/** A config or secret whose content stands in the compose file or the environment: copied in before the start. */
export interface InlineFile {
  /** Top-level key, "configs.definitions": what a plan names when the content changed. */
  readonly key: string;
  /** Absolute path in the container. */
  readonly target: string;
  readonly content: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** A config or secret from a file of the host: mounted read-only, as Compose does. */
export interface FileMount {
  readonly source: string;
  readonly target: string;
}

interface Place {
  readonly section: "configs" | "secrets";
  readonly folder: string;
}

const places: readonly Place[] = [
  { section: "configs", folder: "/" },
  { section: "secrets", folder: "/run/secrets/" },
];

/** Splits a service's configs and secrets by how they get into the container. */
export function collectFiles(
  project: Project,
  service: Service,
): { inline: InlineFile[]; mounts: FileMount[] } {
  const inline: InlineFile[] = [];
  const mounts: FileMount[] = [];
  for (const place of places) {
    for (const reference of service[place.section] ?? []) {
      const definition = project[place.section][reference.source];
      if (definition === undefined || definition.external) {
        throw unusableFile(place, reference, definition);
      }
      const target = resolveTarget(place, reference);
      if (definition.file !== undefined) mounts.push({ source: definition.file, target });
      else inline.push(toInlineFile({ place, reference, target, content: readContent(project, definition) }));
    }
  }
  return { inline, mounts };
}

function unusableFile(
  place: Place,
  reference: FileReference,
  definition: FileObject | undefined,
): MybrokerError {
  const thing = `${place.section}.${reference.source}`;
  return new MybrokerError({
    code: definition ? "compose.external-file" : "compose.undefined-file",
    message: definition
      ? `${thing} is external; only Swarm has external ${place.section}`
      : `a service uses ${thing}, which the compose file does not define`,
    hint: `Define ${thing} with file:, content: or environment:.`,
    exitCode: exitCodes.usage,
  });
}

function resolveTarget(place: Place, reference: FileReference): string {
  const target = reference.target ?? reference.source;
  return target.startsWith("/") ? target : `${place.folder}${target}`;
}

function readContent(project: Project, definition: FileObject): string {
  if (definition.content !== undefined) return definition.content;
  return project.environment[definition.environment ?? ""] ?? "";
}

function toInlineFile(facts: {
  place: Place;
  reference: FileReference;
  target: string;
  content: string;
}): InlineFile {
  const { place, reference, target, content } = facts;
  return {
    key: `${place.section}.${reference.source}`,
    target,
    content,
    uid: Number(reference.uid ?? 0),
    gid: Number(reference.gid ?? 0),
    mode: reference.mode === undefined ? 0o444 : Number.parseInt(String(reference.mode), 8),
  };
}

/** 16 hex digits over all that a container sees of the file; also computed from an archive of the container. */
export function digestFile(
  file: Pick<InlineFile, "uid" | "gid" | "mode"> & { content: string | Uint8Array },
): string {
  return createHash("sha256")
    .update(`${file.uid}:${file.gid}:${(file.mode & 0o7777).toString(8)}:`)
    .update(file.content)
    .digest("hex")
    .slice(0, 16);
}

/** Target -> digest: the value of our label on containers with inline files. */
export function digestFiles(files: readonly InlineFile[]): Record<string, string> {
  return Object.fromEntries(
    [...files].sort((a, b) => (a.target < b.target ? -1 : 1)).map((file) => [file.target, digestFile(file)]),
  );
}
