import { appendAssignments, type EnvAssignment, scanAssignments, setRawValues } from "./env-lines.js";
import { readExampleFile, secretKeysOf } from "./example-file.js";
import { hashRabbitPassword, matchesRabbitHash, sourceOfDerivedKey } from "./generate-secrets.js";

/** What a .env lacks beside its example. */
export interface EnvNeeds {
  /** Keys of the example that the file does not have. */
  readonly missing: readonly string[];
  /** Secrets without a value: of missing keys and of `KEY=` lines. Derived keys are not among them. */
  readonly secrets: readonly string[];
}

export interface EnvPlanRequest {
  readonly exampleText: string;
  /** undefined: there is no .env yet. */
  readonly currentText: string | undefined;
  /** --force: the example's values again, secrets and the user's own keys kept. */
  readonly rewrite: boolean;
  /** Raw values for what the plan would otherwise generate or copy: recovered secrets, moved ports, rotated ones. */
  readonly values: ReadonlyMap<string, string>;
  generate(key: string): string;
  /** Reads a .env text as Compose does. */
  parse(text: string): Readonly<Record<string, string>>;
}

export interface EnvPlan {
  readonly text: string;
  readonly added: readonly string[];
  /** Secrets that got a new random value. */
  readonly generated: readonly string[];
  /** Hashes that were computed from their password. */
  readonly derived: readonly string[];
}

/** Compares .env with its example: names only. */
export function findEnvNeeds(exampleText: string, currentText: string | undefined): EnvNeeds {
  const example = readExampleFile(exampleText);
  const current = new Map(readExampleFile(currentText ?? "").keys.map((key) => [key.key, key]));
  const missing = example.keys.filter(({ key }) => !current.has(key)).map(({ key }) => key);
  const names = new Set(example.keys.map(({ key }) => key));
  const secrets = example.keys
    .filter(
      ({ key, secret, optional, empty }) =>
        secret && !optional && (current.has(key) ? isUnset(currentText ?? "", key) : empty),
    )
    .map(({ key }) => key)
    .filter((key) => !names.has(sourceOfDerivedKey(key) ?? ""));
  return { missing, secrets };
}

/** `KEY` alone is taken from the shell and so is not unset; `KEY=` is. */
function isUnset(text: string, key: string): boolean {
  const last = scanAssignments(text).findLast((assignment) => assignment.key === key);
  return last?.assigned === true && ["", '""', "''"].includes(rawValue(text, last));
}

/** The whole new text of .env. Pure, apart from `generate`. */
export function planEnvFile(request: EnvPlanRequest): EnvPlan {
  const { exampleText, currentText } = request;
  const needs = findEnvNeeds(exampleText, currentText);
  const base = startingText(request, new Set(needs.missing));
  const generated = needs.secrets.filter((key) => !request.values.has(key));
  const values = new Map([
    ...request.values,
    ...generated.map((key): [string, string] => [key, request.generate(key)]),
  ]);
  const { text, derived } = deriveHashes(setRawValues(base, values), request);
  return { text, added: currentText === undefined ? [] : needs.missing, generated, derived };
}

function startingText(
  { exampleText, currentText, rewrite }: EnvPlanRequest,
  missing: ReadonlySet<string>,
): string {
  if (currentText === undefined) return exampleText;
  if (!rewrite) return appendAssignments(currentText, exampleText, missing);
  const exampleKeys = new Set(readExampleFile(exampleText).keys.map(({ key }) => key));
  const secrets = secretKeysOf(exampleText, currentText);
  const current = scanAssignments(currentText);
  const kept = current.filter(
    ({ key, assigned }) => assigned && secrets.has(key) && !isUnset(currentText, key),
  );
  const own = new Set(current.map(({ key }) => key).filter((key) => !exampleKeys.has(key)));
  const rewritten = setRawValues(
    exampleText,
    new Map(kept.map((assignment) => [assignment.key, rawValue(currentText, assignment)])),
  );
  return appendAssignments(rewritten, currentText, own);
}

function rawValue(text: string, { valueStart, valueEnd }: EnvAssignment): string {
  return text.slice(valueStart, valueEnd);
}

/** A hash is never a choice of its own: it is kept only while it matches its password, which also keeps its salt. */
function deriveHashes(text: string, { parse }: EnvPlanRequest): { text: string; derived: string[] } {
  const values = parse(text);
  const hashes = new Map<string, string>();
  for (const [key, hash] of Object.entries(values)) {
    const password = values[sourceOfDerivedKey(key) ?? ""];
    if (password !== undefined && password !== "" && !matchesRabbitHash(hash, password)) {
      hashes.set(key, hashRabbitPassword(password));
    }
  }
  return { text: setRawValues(text, hashes), derived: [...hashes.keys()] };
}
