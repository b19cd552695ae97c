import { request as httpRequest } from "node:http";
import type { RuntimeStatus, ServiceStatus } from "../../contracts/embedded-control.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { Place } from "./place.js";

/** It answers within a millisecond; a process that is stopped or out of memory does not. */
const statusTimeoutMs = 3_000;

/**
 * What the running process says of itself; undefined where none runs.
 * @throws MybrokerError embedded.hung, exit 3, where one listens and does not answer
 */
export async function askStatus(
  place: Place,
  timeoutMs = statusTimeoutMs,
): Promise<RuntimeStatus | undefined> {
  const answer = await send(place, "GET", "/status", timeoutMs);
  return answer === undefined ? undefined : (JSON.parse(answer.text) as RuntimeStatus);
}

/** Starts, stops or checks one service of the running process; undefined where it runs none of that name. */
export async function actOnService(
  place: Place,
  name: string,
  action: "start" | "stop" | "check",
): Promise<ServiceStatus | undefined> {
  const path = `/services/${encodeURIComponent(name)}/${action}`;
  const answer = await send(place, "POST", path, serviceTimeoutMs);
  return answer?.status === 200 ? (JSON.parse(answer.text) as ServiceStatus) : undefined;
}

/** A broker that reads back a large log at its start takes seconds. */
const serviceTimeoutMs = 60_000;

/** Resolves when everything of the process is closed; false where none listened. */
export async function askToStop(place: Place, timeoutMs: number): Promise<boolean> {
  return (await send(place, "POST", "/stop", timeoutMs)) !== undefined;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function send(
  { socketPath, folder, name }: Place,
  method: string,
  path: string,
  timeoutMs: number,
): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath, method, path, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      // A process that ended in the middle of its answer runs no more.
      response.once("error", () => settle(() => resolve(undefined)));
      response.once("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        settle(() => resolve({ status: response.statusCode ?? 0, text }));
      });
    });
    const timer = setTimeout(() => {
      settle(() => reject(hung(name, folder, timeoutMs)));
      request.destroy();
    }, timeoutMs);
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      finish();
    };
    // Refused, absent, reset: nobody listens any more.
    request.once("error", () => settle(() => resolve(undefined)));
    request.end();
  });
}

function hung(name: string, folder: string, timeoutMs: number): MybrokerError {
  return new MybrokerError({
    code: "embedded.hung",
    message: `The embedded runtime of ${name} has not answered within ${timeoutMs / 1000} s`,
    hint: "end it:  {mybroker} --runtime embedded down",
    exitCode: exitCodes.machine,
    details: { folder },
  });
}
