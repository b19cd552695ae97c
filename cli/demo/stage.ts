import type { CommandRequest } from "../kernel/command.js";
import { wrap } from "../output/units.js";
import { systemClock } from "../ready/clock.js";

/** What the audience sees. With -o json that is nothing: the figures come as one document. */
export interface Stage {
  /** Begins a phase: its name, and the commands that show the same. */
  begin(title: string, commands: readonly string[]): Promise<void>;
  /** A paragraph, in lines that fit. */
  say(text: string): Promise<void>;
  line(text: string): Promise<void>;
  /** Time to read, on a terminal. */
  pause(durationMs: number): Promise<void>;
}

export interface Script {
  readonly phases: number;
  /** Of the usual time to read: whoever wants it short does not read. */
  readonly pace: number;
}

/** Every call ends the demonstration where a signal has come: it throws the signal's reason. */
export function createStage({ output, context }: CommandRequest, { phases, pace }: Script): Stage {
  const { style } = output;
  let phase = 0;
  const line = async (text: string): Promise<void> => {
    context.signal.throwIfAborted();
    if (output.json) return;
    // What is going on is drawn below all lines, and would be drawn over.
    output.progressDone();
    await output.line(text.replaceAll("{mybroker}", context.invocation));
  };
  return {
    line,
    begin: async (title, commands) => {
      phase += 1;
      await line("");
      await line(style.bold(`${phase}/${phases}  ${title}`));
      for (const command of commands) await line(style.cyan(`     $ {mybroker} ${command}`));
    },
    say: async (text) => {
      for (const part of wrap(text)) await line(part);
    },
    pause: async (durationMs) => {
      if (context.stdoutIsTty && !output.json) await systemClock.sleep(durationMs * pace, context.signal);
      context.signal.throwIfAborted();
    },
  };
}
