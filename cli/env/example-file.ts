import { scanAssignments } from "./env-lines.js";

/** A key of .env.example. */
export interface ExampleKey {
  readonly key: string;
  /** `# secret` stands directly above: generated here, masked everywhere. */
  readonly secret: boolean;
  /** `# secret, optional`: masked, never generated, rotated or asked for. */
  readonly optional: boolean;
  /** The example gives no value, so a secret has to be generated. */
  readonly empty: boolean;
}

/** .env.example (or a .env: the marks are the same), in order, comments kept in `text`. */
export interface ExampleFile {
  readonly text: string;
  readonly keys: readonly ExampleKey[];
}

/** Reads the keys of an example file; a key that stands twice is listed once, secret if either is marked. */
export function readExampleFile(text: string): ExampleFile {
  const keys = new Map<string, ExampleKey>();
  for (const { key, secret, optional, valueStart, valueEnd } of scanAssignments(text)) {
    keys.set(key, {
      key,
      secret: secret || (keys.get(key)?.secret ?? false),
      optional: optional || (keys.get(key)?.optional ?? false),
      empty: isEmptyValue(text.slice(valueStart, valueEnd)),
    });
  }
  return { text, keys: [...keys.values()] };
}

function isEmptyValue(raw: string): boolean {
  return raw === "" || raw === '""' || raw === "''";
}

/** Names of the keys that any of the texts marks as secret. */
export function secretKeysOf(...texts: readonly (string | undefined)[]): Set<string> {
  return markedKeysOf("secret", texts);
}

/** Names of the secrets that only the user can know (a token of somebody else's), by their mark in any of the texts. */
export function optionalKeysOf(...texts: readonly (string | undefined)[]): Set<string> {
  return markedKeysOf("optional", texts);
}

function markedKeysOf(mark: "secret" | "optional", texts: readonly (string | undefined)[]): Set<string> {
  const assignments = texts.flatMap((text) => (text === undefined ? [] : scanAssignments(text)));
  return new Set(assignments.filter((assignment) => assignment[mark]).map(({ key }) => key));
}
