import type { StartProblem } from "../../contracts/embedded-control.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { Place } from "./place.js";

interface Known {
  readonly code: string;
  readonly says: (problem: StartProblem, place: Place) => string;
  readonly hint: (problem: StartProblem, place: Place) => string;
}

const noRight: Known = {
  code: "embedded.permission",
  says: ({ message }) => `The embedded runtime may not write where its data lies: ${message}`,
  hint: () => "keep it where you may write:  export XDG_STATE_HOME=/path/to/folder",
};
const full: Known = {
  code: "embedded.disk-full",
  says: ({ message }) => `The disk is full: ${message}`,
  hint: (_, { state }) => `make room, then again:  df -h ${state.folder}`,
};

const known: Readonly<Record<string, Known>> = {
  EACCES: noRight,
  EPERM: noRight,
  EROFS: noRight,
  ENOSPC: full,
  EDQUOT: full,
  OWNED: {
    code: "embedded.owned",
    says: ({ pid }, { name }) =>
      `Another process${pid === undefined ? "" : ` (pid ${pid})`} has the embedded data of ${name} open`,
    hint: ({ pid }) =>
      pid === undefined
        ? "wait a moment, then again:  {mybroker} up"
        : `end it:  kill ${pid}     then  {mybroker} up`,
  },
  DATA_NEWER: {
    code: "embedded.data-newer",
    says: ({ message }) => `The embedded data was written by a newer mybroker: ${message}`,
    hint: () => "update it:  git pull && npm ci     or begin with empty data:  {mybroker} down --volumes",
  },
  DATA_DAMAGED: {
    code: "embedded.data-damaged",
    says: ({ message }) => `The embedded data is damaged: ${message}`,
    hint: (_, { dataFolder }) =>
      `put a copy back in ${dataFolder}, or begin with empty data:  {mybroker} down --volumes`,
  },
  EADDRINUSE: {
    code: "ports.taken",
    says: ({ message, service }) => `A port of ${service ?? "the runtime"} is taken: ${message}`,
    hint: () => "free it, or choose another in .env; then  {mybroker} up",
  },
};

/** Why the process did not start, for the user (exit 3): the first problem, the others below it. */
export function explainProblems(problems: readonly StartProblem[], place: Place): MybrokerError {
  const [first = { code: "FAILED", message: "it does not say why", service: null }, ...others] = problems;
  const found = known[first.code];
  const subject = first.service === null ? "The embedded runtime" : first.service;
  return new MybrokerError({
    code: found?.code ?? "embedded.not-started",
    message: found?.says(first, place) ?? `${subject} did not start: ${first.message}`,
    lines: others.map(({ service, message }) => `${service ?? "runtime"}: ${message}`),
    hint: found?.hint(first, place) ?? "see what it wrote:  {mybroker} logs -n 20",
    exitCode: exitCodes.machine,
    details: { problems },
  });
}

/** The same for what the file system said before the process was there. */
export function explainPlaceError(error: unknown, place: Place): unknown {
  const { code, syscall, message } = (error ?? {}) as NodeJS.ErrnoException;
  if (error instanceof MybrokerError || code === undefined || syscall === undefined) return error;
  return explainProblems([{ code, message, service: null }], place);
}
