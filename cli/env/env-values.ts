import { parseEnvFile } from "./parse-env-file.js";

/**
 * The values of a .env text, as Compose reads them in this shell: the shell's variables are what `${NAME}` in it
 * refers to, and what a bare `NAME` takes. Throws env.malformed (exit 2).
 */
export function readEnvValues(
  text: string,
  file: string,
  shell: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(parseEnvFile(text, { file, lookup: (name) => shell[name] }));
}
