import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "yaml";

export const root = resolve(import.meta.dirname, "../..");

/** A service as docker-compose.yml has it, merge keys resolved, variables as they stand. */
export interface RawService {
  readonly image: string;
  readonly build?: { readonly context: string; readonly args: Readonly<Record<string, string>> };
  readonly profiles?: readonly string[];
  readonly pull_policy?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly depends_on?: unknown;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly env_file?: unknown;
  readonly hostname?: string;
  readonly ports: readonly string[];
  readonly volumes?: readonly (string | RawMount)[];
  readonly tmpfs?: readonly string[];
  readonly configs?: readonly { readonly source: string; readonly target: string }[];
  readonly healthcheck: Readonly<Record<string, unknown>> & { readonly test: readonly string[] };
  readonly mem_limit?: string;
  readonly mem_reservation?: string;
  readonly restart?: string;
  readonly "x-mybroker": RawExtension;
}

export interface RawMount {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly read_only?: boolean;
  readonly bind?: Readonly<Record<string, unknown>>;
}

interface RawExtension {
  readonly kind: string;
  readonly port: number;
  readonly healthUrl?: string;
  readonly uiPort?: number;
  readonly credentials?: Readonly<Record<string, string>>;
  readonly topics?: readonly string[];
  readonly queues?: readonly string[];
  readonly streams?: readonly string[];
}

export interface RawStack {
  readonly name: string;
  readonly services: Readonly<Record<string, RawService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
}

export const composeText = readFileSync(resolve(root, "docker-compose.yml"), "utf8");
export const stack = parse(composeText, { merge: true, maxAliasCount: -1 }) as RawStack;
export const services = Object.entries(stack.services);
/** The nine of the profile `services`, and the 14 servers that they stand on. */
export const domainServices = services.filter(([, { profiles }]) => profiles?.includes("services"));
export const servers = services.filter(([, { profiles }]) => profiles === undefined);

export interface ExampleKey {
  readonly value: string;
  readonly secret: boolean;
  /** May stay empty. */
  readonly optional: boolean;
}

/** Keys of .env.example; a secret has "# secret" or "# secret, optional" on the line above. */
export const exampleKeys: ReadonlyMap<string, ExampleKey> = readExample(
  readFileSync(resolve(root, ".env.example"), "utf8"),
);

function readExample(text: string): Map<string, ExampleKey> {
  const lines = text.split("\n");
  const keys = new Map<string, ExampleKey>();
  for (const [index, line] of lines.entries()) {
    const match = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line);
    if (match?.[1] === undefined) continue;
    const mark = lines[index - 1] ?? "";
    const optional = mark === "# secret, optional";
    keys.set(match[1], { value: match[2] ?? "", secret: optional || mark === "# secret", optional });
  }
  return keys;
}

export interface VariableUse {
  readonly name: string;
  /** What follows the name: ":-default", ":?message", or nothing. */
  readonly form: string;
}

/** Every ${NAME…} of a text; "$$" is a dollar sign. */
export function findVariables(text: string): VariableUse[] {
  const uses = text.replaceAll("$$", "").matchAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)([^}]*)\}/g);
  return [...uses].map(([, name = "", form = ""]) => ({ name, form }));
}

/** A value with each variable replaced by its default. */
export function withDefaults(text: string): string {
  return text.replaceAll(/\$\{[A-Za-z0-9_]+:-([^}]*)\}/g, "$1").replaceAll("$$", "$");
}
