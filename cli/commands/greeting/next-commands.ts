import { takesOrders } from "../../brokerage/parts.js";
import { runs, type StackState } from "../../runtime/stack-state.js";

/** A command without the program's name, and what it is for. */
export type NextCommand = readonly [command: string, purpose: string];

const next = {
  init: ["init my-lab", "a project in a new folder; then  cd my-lab"],
  up: ["up", "start it and wait until everything answers"],
  upAndDemo: ["demo", "the same, and then a minute of it at work, explained"],
  demo: ["demo", "a minute of it at work, explained"],
  doctor: ["doctor", "what is wrong, and what to type"],
  well: ["doctor", "is all well?"],
  ps: ["ps", "what runs, and where"],
  watch: ["ps --watch", "how far it is"],
  order: ["order buy PETR4 100 --watch", "an order, and what becomes of it"],
  tail: ["tail orders", "what passes both brokers, live"],
  down: ["down", "stop; data stays"],
  help: ["--help", "all commands"],
} as const satisfies Readonly<Record<string, NextCommand>>;

/** What somebody would want to do as things stand, most likely first. */
export function chooseNext({ services, failure, runtime }: StackState): readonly NextCommand[] {
  if (failure?.code === "compose.no-file") return [next.init, next.help];
  // What is to be done about a file stands with what is wrong with it.
  if (/^(compose|env)\./.test(failure?.code ?? "")) return [next.help];
  if (failure !== undefined && (runtime !== null || failure.code === "embedded.hung"))
    return [next.doctor, next.help];
  const has = (condition: string) => services.some((service) => service.condition === condition);
  if (!services.some(runs)) return [next.up, next.upAndDemo, next.help];
  if (has("unwell") || has("stopped")) return [next.doctor, next.ps, next.down, next.help];
  if (has("starting")) return [next.watch, next.doctor, next.help];
  const ready = services.filter(({ condition }) => condition === "ready").map(({ name }) => name);
  if (!takesOrders(ready)) return [next.up, next.ps, next.well, next.help];
  return [next.order, next.tail, next.demo, next.well, next.help];
}
