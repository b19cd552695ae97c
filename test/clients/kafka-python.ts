import { join } from "node:path";
import { expect } from "vitest";
import { python, runProgram } from "./programs.js";

/** What the two Python clients say alike: produce, consume, offsets. */
export interface PythonClient {
  run(broker: string, command: string, ...args: readonly (string | number)[]): Promise<unknown>;
  consume(broker: string, { topic, group, count }: ConsumeSettings): Promise<Consumed>;
}

interface ConsumeSettings {
  readonly topic: string;
  readonly group: string;
  readonly count: number;
}

interface Consumed {
  readonly records: readonly {
    offset: number;
    key: string | null;
    value: string | null;
    headers: Readonly<Record<string, string | null>>;
  }[];
  /** By partition. */
  readonly committed: Readonly<Record<string, number>>;
}

/** A script of test/clients/python. */
export function pythonClient(script: string): PythonClient {
  const path = join(import.meta.dirname, "python", script);
  const run: PythonClient["run"] = async (broker, command, ...args) =>
    JSON.parse(await runProgram(python, [path, broker, command, ...args.map(String)]));
  return {
    run,
    consume: async (broker, { topic, group, count }) =>
      (await run(broker, "consume", topic, group, count)) as Consumed,
  };
}

/** Produces with the client and reads with the same one, as a group that commits and goes on. */
export async function expectRoundTrip(
  client: PythonClient,
  { broker, topic, codec, word }: { broker: string; topic: string; codec: string; word: string },
): Promise<void> {
  const numbers = Array.from({ length: 50 }, (_, index) => index);
  expect(await client.run(broker, "produce", topic, codec, 50)).toEqual(numbers);
  const read = { topic, group: `group-of-${topic}` };
  const first = await client.consume(broker, { ...read, count: 20 });
  expect(first.committed).toEqual({ 0: 20 });
  const rest = await client.consume(broker, { ...read, count: 30 });
  expect(rest.committed).toEqual({ 0: 50 });
  expect([...first.records, ...rest.records]).toEqual(
    numbers.map((offset) => ({
      offset,
      key: `key ${offset}`,
      value: `${word} ${offset}`,
      headers: { codec },
    })),
  );
}
