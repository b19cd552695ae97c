import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import type { FastifySchemaCompiler } from "fastify";
import { formats } from "../../../contracts/formats.js";
import { type Problem, refuse } from "./problem.js";

/** Compiled schemas are the same for every service of the process; a schema is compiled when it is first needed. */
const ajvOfBodies = new Ajv({ formats });
/** Queries and paths are text. */
const ajvOfText = new Ajv({ formats, coerceTypes: true, useDefaults: true });

export const validatorCompiler: FastifySchemaCompiler<object> = ({ schema, httpPart }) => {
  const ajv = httpPart === "body" ? ajvOfBodies : ajvOfText;
  let validate: ValidateFunction | undefined;
  return (value: unknown) => {
    validate ??= ajv.compile(schema);
    if (validate(value)) return { value };
    return { error: describe(validate.errors?.[0], httpPart ?? "body") };
  };
};

const limits = ["maximum", "exclusiveMaximum"];

function describe(error: ErrorObject | undefined, part: string): Problem {
  const at = (error?.instancePath ?? "").slice(1).replaceAll("/", ".");
  const join = (name: unknown) => `${at === "" ? "" : `${at}.`}${name}`.slice(0, 100);
  switch (error?.keyword) {
    case "required": {
      const field = join(error.params.missingProperty);
      return refuse("MISSING_FIELD", `${field} is missing.`, field);
    }
    case "additionalProperties": {
      const field = join(error.params.additionalProperty);
      return refuse("UNKNOWN_FIELD", `${field} is not known here.`, field);
    }
  }
  const message = error?.message ?? "is not valid";
  if (at === "") return refuse("INVALID_BODY", `The ${part} ${message}.`);
  const tooLarge = part === "body" && limits.includes(String(error?.keyword));
  return refuse(tooLarge ? "AMOUNT_LIMIT" : "INVALID_FIELD", `${at} ${message}.`, at.slice(0, 100));
}
