import type { Project } from "../compose/model.js";
import type { Finding } from "./check.js";

/** `x-mybroker: {doctor: {ignore: [{id, reason}]}}`, at the top of a compose file or beside a service. */
export interface Ignore {
  /** As written; "" where it is no text. */
  readonly id: string;
  /** Absent: none is given, and then nothing is ignored. */
  readonly reason?: string;
  /** Of findings about this service alone. */
  readonly service?: string;
  /** Key path in the file. */
  readonly path: readonly (string | number)[];
}

export function readIgnores({ extensions, services, disabledServices }: Project): Ignore[] {
  const top = readList(extensions["x-mybroker"], ["x-mybroker"]);
  const beside = Object.entries({ ...disabledServices, ...services }).flatMap(([service, definition]) =>
    readList(definition["x-mybroker"], ["services", service, "x-mybroker"]).map((ignore) => ({
      ...ignore,
      service,
    })),
  );
  return [...top, ...beside];
}

/** The reason for which a finding is ignored; undefined: it is not. */
export function findReason(ignores: readonly Ignore[], { id, subject, level }: Finding): string | undefined {
  if (level === "ok") return undefined;
  const fits = (ignore: Ignore) =>
    ignore.id === id &&
    ignore.reason !== undefined &&
    (ignore.service === undefined || ignore.service === subject);
  return ignores.find(fits)?.reason;
}

function readList(extension: unknown, path: readonly string[]): Ignore[] {
  const list = at(at(extension, "doctor"), "ignore");
  if (!Array.isArray(list)) return [];
  return list.map((entry, index) => {
    const [id, reason] = [at(entry, "id"), at(entry, "reason")];
    const given = typeof reason === "string" && reason.trim() !== "";
    return {
      id: typeof id === "string" ? id : "",
      ...(given ? { reason: reason.trim() } : {}),
      path: [...path, "doctor", "ignore", index],
    };
  });
}

function at(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
