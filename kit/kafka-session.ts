import {
  type ClusterView,
  type KafkaConnection,
  openKafkaConnection,
  type TopicPartition,
} from "./kafka-connection.js";

/** Connections that live and die together: for questions, and one to each broker that is read. */
export class KafkaSession {
  /** A position is no longer, or not yet, in the log. */
  outOfRange = false;
  readonly #address: string;
  readonly #timeoutMs: number;
  readonly #askable = new Map<string, Promise<KafkaConnection>>();
  readonly #opened: KafkaConnection[] = [];
  #brokers: ReadonlyMap<number, string> = new Map();
  #isClosed = false;
  #isRefreshDue = false;
  #wake = () => {};

  private constructor(address: string, questions: KafkaConnection, timeoutMs: number) {
    this.#address = address;
    this.#timeoutMs = timeoutMs;
    this.#askable.set(address, Promise.resolve(questions));
    this.#opened.push(questions);
  }

  /** With the first broker that answers. @throws what the last one said */
  static async open(brokers: readonly string[], timeoutMs: number): Promise<KafkaSession> {
    let failure: unknown = new Error("no broker was named");
    for (const address of brokers) {
      try {
        return new KafkaSession(address, await openKafkaConnection(address, timeoutMs), timeoutMs);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** A partition could not be read as it stands in the metadata. */
  get isRefreshDue(): boolean {
    return this.#isRefreshDue;
  }

  /** None named: all topics. */
  async describe(topics: readonly string[]): Promise<ClusterView> {
    const questions = await this.#connectForQuestions(this.#address);
    const view = await questions.describe(topics);
    this.#brokers = view.brokers;
    return view;
  }

  /**
   * Asks the partitions' leaders as `describe` found them. By "topic/partition"; without those that have no answer now.
   * -1: no record is so young.
   */
  async findOffsets(
    partitions: readonly (TopicPartition & { readonly leader: number })[],
    timestampMs: number,
  ): Promise<Map<string, number>> {
    const offsets = new Map<string, number>();
    const leaders = new Set(partitions.map(({ leader }) => leader).filter((leader) => leader >= 0));
    for (const leader of leaders) {
      const led = partitions.filter((partition) => partition.leader === leader);
      const connection = await this.#connectForQuestions(this.#addressOf(leader));
      for (const found of await connection.findOffsets(led, timestampMs)) {
        if (found.errorCode === 0) offsets.set(`${found.topic}/${found.partition}`, found.offset);
      }
    }
    return offsets;
  }

  /** A connection of its own: a long fetch keeps questions waiting. */
  connectTo(leader: number): Promise<KafkaConnection> {
    return this.#connect(this.#addressOf(leader));
  }

  /** Ends `waitForRefresh` early. */
  requestRefresh(): void {
    this.#isRefreshDue = true;
    this.#wake();
  }

  /** Until it is requested, the time is over or this is closed. */
  async waitForRefresh(limitMs: number): Promise<void> {
    if (!this.#isRefreshDue && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, limitMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#isRefreshDue = false;
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
    for (const connection of this.#opened) connection.close();
  }

  /** The only broker is where it answered, whatever it tells clients to connect to. */
  #addressOf(leader: number): string {
    const advertised = this.#brokers.get(leader);
    return advertised === undefined || this.#brokers.size === 1 ? this.#address : advertised;
  }

  #connectForQuestions(address: string): Promise<KafkaConnection> {
    const known = this.#askable.get(address) ?? this.#connect(address);
    this.#askable.set(address, known);
    return known;
  }

  async #connect(address: string): Promise<KafkaConnection> {
    const connection = await openKafkaConnection(address, this.#timeoutMs);
    this.#opened.push(connection);
    if (this.#isClosed) connection.close();
    return connection;
  }
}
