import { runProgram } from "./programs.js";

export interface KcatRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly ts: number;
  readonly key: string | null;
  readonly payload: string | null;
  /** Names and values in turn. */
  readonly headers?: readonly string[];
}

/** kcat with its own words, against a broker. */
export function kcat(broker: string, args: readonly string[], input = ""): Promise<string> {
  return runProgram("kcat", ["-b", broker, ...args], input);
}

/** All records of a topic from its beginning to its end. */
export async function readByKcat(broker: string, topic: string, ...args: string[]): Promise<KcatRecord[]> {
  const text = await kcat(broker, ["-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J", ...args]);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as KcatRecord);
}
