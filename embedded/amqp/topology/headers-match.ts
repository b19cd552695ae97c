import { isDeepStrictEqual } from "node:util";
import { type Field, fieldText, plainValue, type Table } from "../wire/table.js";

const modes = ["all", "any", "all-with-x", "any-with-x"] as const;
type Mode = (typeof modes)[number];

/** x-match of a headers exchange (RabbitMQ docs, "Exchanges"); undefined when it is none of the four. */
export function readMatchMode(bindingArguments: Table): Mode | undefined {
  const field = bindingArguments.get("x-match");
  return field === undefined ? "all" : modes.find((mode) => mode === fieldText(field));
}

/** Whether a message's headers satisfy a binding; an argument without value (void) asks only that the header is there. */
export function matchesHeaders(bindingArguments: Table, headers: Table): boolean {
  const mode = readMatchMode(bindingArguments) ?? "all";
  const wanted = [...bindingArguments].filter(([name]) =>
    mode.endsWith("-with-x") ? name !== "x-match" : !name.startsWith("x-"),
  );
  const satisfied = ([name, expected]: [string, Field]): boolean => {
    const actual = headers.get(name);
    if (actual === undefined) return false;
    return expected.type === "V" || isDeepStrictEqual(plainValue(expected), plainValue(actual));
  };
  return mode.startsWith("all") ? wanted.every(satisfied) : wanted.some(satisfied);
}
