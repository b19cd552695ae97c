/** Where the run was started and what it was given, read once so that everything below is a plain function of it. */
export interface Context {
  /** Absolute folder in which the command was typed. */
  readonly cwd: string;
  /** "" where there is none. */
  readonly homeDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** Numeric user id; undefined where the platform has none. */
  readonly uid: number | undefined;
  readonly stdinIsTty: boolean;
  readonly stdoutIsTty: boolean;
  readonly stderrIsTty: boolean;
  /** Columns of the terminal; 80 off a terminal. */
  readonly columns: number;
  /** How the user spelled this program: "mybroker" or "npx mybroker"; every printed next command begins with it. */
  readonly invocation: string;
  readonly version: string;
  /** Folder of mybroker's own package: templates, compose file and .env.example as they are shipped. */
  readonly packageRoot: string;
  /** Unix time in milliseconds. */
  now(): number;
  /** Aborted by SIGINT, SIGTERM and SIGHUP; long work ends at its next safe point. */
  readonly signal: AbortSignal;
}
