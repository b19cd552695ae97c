import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

const folder = resolve(import.meta.dirname, "../../docs/schema");
const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
const validators = new Map<string, ValidateFunction>();

/**
 * Holds a JSON document or record of the CLI against docs/schema: the envelope for all, and for a command of the
 * product its own schema of `data`; a line of stderr (--progress json) its own only. Throws with every violation.
 */
export function validateOutput(document: { schema?: string }): void {
  const command = /^mybroker\/([a-z-]+)@1$/.exec(document.schema ?? "")?.[1];
  if (command === undefined) throw new Error(`no schema named in ${JSON.stringify(document).slice(0, 200)}`);
  for (const name of ["progress", "note"].includes(command) ? [command] : ["envelope", command]) {
    const validate = findValidator(name);
    if (validate !== undefined && !validate(document)) {
      throw new Error(
        `${command} breaks docs/schema/${name}.schema.json: ${ajv.errorsText(validate.errors)}`,
      );
    }
  }
}

function findValidator(name: string): ValidateFunction | undefined {
  const known = validators.get(name);
  if (known !== undefined) return known;
  const path = resolve(folder, `${name}.schema.json`);
  if (!existsSync(path)) return undefined;
  const validate = ajv.compile(JSON.parse(readFileSync(path, "utf8")) as object);
  validators.set(name, validate);
  return validate;
}
