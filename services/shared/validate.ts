import { Ajv, type ErrorObject } from "ajv";
import type { Static, TSchema } from "typebox";
import { formats } from "../../contracts/formats.js";

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  /** In one line, with the path of the field: "/price must be > 0". */
  | { readonly ok: false; readonly reason: string };

const ajv = new Ajv({ formats, allErrors: false });

/** Compiles a schema: once, when the program starts. Values are taken as they are, never coerced or changed. */
export function compile<T extends TSchema>(schema: T): (value: unknown) => Checked<Static<T>> {
  const validate = ajv.compile(schema);
  return (value) =>
    validate(value)
      ? { ok: true, value: value as Static<T> }
      : { ok: false, reason: describe(validate.errors?.[0]) };
}

function describe(error: ErrorObject | undefined): string {
  return `${error?.instancePath || "the message"} ${error?.message ?? "is not valid"}`.slice(0, 200);
}
