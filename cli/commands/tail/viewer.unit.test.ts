import { expect, it } from "vitest";
import { exitCodes, MybrokerError } from "../../errors/mybroker-error.js";
import type { CommandRequest } from "../../kernel/command.js";
import type { Opened } from "../../streams/watch-streams.js";
import { createViewer, type Viewing } from "./viewer.js";

/** A viewer, and all that it told: a line each, in JSON a record. */
function look(json = false) {
  let nowMs = 0;
  const told: string[] = [];
  const tell = (text: string) => void told.push(text);
  const record = async (data: object) => tell(JSON.stringify(data));
  const request = {
    output: { json, warn: tell, note: tell, record },
    context: { now: () => nowMs, invocation: "mybroker" },
  } as unknown as CommandRequest;
  const options: Viewing["options"] = {
    choice: { names: ["orders"], kafka: [], rabbit: [], firehose: false },
    plan: { start: "now", follow: true },
    ...{ validate: false, expressions: {} },
    format: "text",
  };
  const viewing = { options, print: async () => {}, validator: undefined, project: "lab" };
  const wait = (timeMs: number) => {
    nowMs += timeMs;
  };
  return { viewer: createViewer(request, viewing), told, wait };
}

it("marks where something may be missing, as a line, and as an object for a program", () => {
  const [person, program] = [look(), look(true)];
  for (const { viewer } of [person, program]) {
    viewer.gap({ source: "kafka", tookMs: 3_200, missed: 0 });
    viewer.gap({ source: "rabbitmq", tookMs: 3_200, missed: "unknown" });
    viewer.gap({ source: "kafka", tookMs: 0, missed: 12 });
  }
  expect(person.told).toEqual([
    "reconnected after 3.2 s, kafka: 0 missed",
    "reconnected after 3.2 s, rabbitmq: unknown what was missed",
    "kafka: 12 missed, removed before they could be read",
  ]);
  expect(JSON.parse(program.told[1] ?? "")).toEqual({
    ...{ kind: "gap", source: "rabbitmq", tookMs: 3_200, missed: "unknown" },
  });
});

it("counts what is dropped once a second, and at the end what is left of it: each message once", () => {
  const { viewer, told, wait } = look();
  viewer.dropped(5);
  viewer.dropped(7);
  wait(999);
  viewer.dropped(1);
  expect(told).toEqual(["5 dropped: they come faster than they are taken"]);
  wait(1);
  viewer.dropped(2);
  viewer.dropped(30);
  viewer.ended();
  viewer.ended();
  expect(told.map((line) => Number.parseInt(line, 10))).toEqual([5, 10, 30]);
});

const opened: Opened = {
  source: { name: "kafka" } as never,
  info: { name: "kafka", history: "all", describe: "kafka order-events-v1 (3 partitions)" },
};
const failing = (code: string, exitCode: number, name = "rabbitmq"): Opened => ({
  source: { name } as never,
  failure: new MybrokerError({ code, message: `${name}: ${code}`, exitCode }),
});

it("does without a source that is away, and not without a name that is wrong", () => {
  const { viewer, told } = look();
  const [away, wrong] = [failing("engine.away", exitCodes.machine), failing("tail.wrong", exitCodes.usage)];
  viewer.opened([opened, away]);
  expect(told).toEqual([
    "kafka order-events-v1 (3 partitions) · from now on",
    "rabbitmq is left out: rabbitmq: engine.away",
  ]);
  expect(() => viewer.opened([opened, away, wrong])).toThrow("tail.wrong");
  expect(() => viewer.opened([away])).toThrow("rabbitmq: engine.away");
  expect(() => viewer.opened([away, failing("engine.away", exitCodes.machine, "kafka")])).toThrow(
    "nothing answers that could be listened to",
  );
});
