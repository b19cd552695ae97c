/** What a domain service is given, in a container of its own as well as in the embedded process. */
export interface ServiceContext {
  /** Its settings; in a container the environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of its migrations, NNN-name.<kind>.sql. */
  readonly migrationsFolder: string;
  /** Takes one line of JSON, without its end. */
  readonly writeLog: (line: string) => void;
}

export interface RunningService {
  /** "127.0.0.1:8088" */
  readonly address: string;
  /** Takes no more requests and messages, finishes what it has begun, closes. At most 8 s. */
  close(): Promise<void>;
}

export interface ServiceDefinition {
  readonly name: string;
  /**
   * Resolves when it listens. A dependency that is away is no failure: GET /health/ready says so, and the service goes
   * on as soon as it is back.
   * @throws Error with the code SETTING (a setting is missing or wrong, all of them in its message) or that of listen()
   */
  start(context: ServiceContext): Promise<RunningService>;
}
