import { kafkaErrors } from "../errors.js";
import { Group } from "./group.js";
import {
  type Clock,
  type CommitRequest,
  type CommitResult,
  type CommittedOffset,
  type DeleteOffsetsResult,
  type GroupDescription,
  type JoinRequest,
  type JoinResult,
  type LeaveResult,
  type LeavingMember,
  type ListedGroup,
  type MemberRequest,
  type SyncRequest,
  type SyncResult,
  systemClock,
  type TopicPartition,
} from "./group-types.js";
import { joinError, subscribedTopics, syncError } from "./member.js";
import { OffsetStore, type OffsetStoreOptions } from "./offset-store.js";

const groupLimit = 10_000;
/** group.min.session.timeout.ms and group.max.session.timeout.ms of Apache Kafka. */
const sessionTimeoutMs = { min: 6_000, max: 1_800_000 };
/** offset.metadata.max.bytes */
const metadataLimitBytes = 4_096;
/** offsets.retention.minutes */
const offsetRetentionMs = 7 * 24 * 60 * 60 * 1000;

interface GroupCoordinatorOptions extends OffsetStoreOptions {
  /** The system's unless a test says otherwise. */
  readonly clock?: Clock;
  /** Offsets of other topics are forgotten: a kill came when they had been deleted, and their offsets had not. */
  readonly hasTopic?: (topic: string) => boolean;
}

/**
 * The classic group protocol and committed offsets. Methods never reject for what a client did wrong.
 */
export class GroupCoordinator {
  readonly #offsets: OffsetStore;
  readonly #clock: Clock;
  readonly #groups = new Map<string, Group>();
  #closed = false;

  /**
   * Reads the committed offsets and starts without members.
   * @throws Error with code "DATA_DAMAGED", or what the file system says
   */
  static async open(options: GroupCoordinatorOptions): Promise<GroupCoordinator> {
    const offsets = await OffsetStore.open(options);
    const coordinator = new GroupCoordinator(offsets, options.clock ?? systemClock);
    for (const topic of offsets.topics()) {
      if (options.hasTopic?.(topic) === false) await offsets.forgetTopic(topic);
    }
    return coordinator;
  }

  private constructor(offsets: OffsetStore, clock: Clock) {
    this.#offsets = offsets;
    this.#clock = clock;
    const nowMs = clock.now();
    // They had members when the process ended: their time without any begins now.
    for (const groupId of offsets.groupIds) {
      if (offsets.factsOf(groupId)?.idleSinceMs === null) this.#noteFacts(groupId, nowMs);
    }
  }

  /** Resolves when the generation is complete, which may take until the rebalance timeout of the slowest member. */
  async join(request: JoinRequest): Promise<JoinResult> {
    const { groupId, memberId } = request;
    const timeoutMs = request.sessionTimeoutMs;
    if (this.#closed) return joinError(kafkaErrors.COORDINATOR_NOT_AVAILABLE, memberId);
    if (groupId === "") return joinError(kafkaErrors.INVALID_GROUP_ID, memberId);
    if (timeoutMs < sessionTimeoutMs.min || timeoutMs > sessionTimeoutMs.max) {
      return joinError(kafkaErrors.INVALID_SESSION_TIMEOUT, memberId);
    }
    const known = this.#groups.get(groupId);
    if (!known && memberId !== "") return joinError(kafkaErrors.UNKNOWN_MEMBER_ID, memberId);
    if (!known && !this.#hasRoom(groupId)) return joinError(kafkaErrors.GROUP_MAX_SIZE_REACHED, memberId);
    return (known ?? this.#create(groupId)).join(request);
  }

  /** Followers wait for the leader's assignments. */
  async sync(request: SyncRequest): Promise<SyncResult> {
    if (this.#closed) return syncError(kafkaErrors.COORDINATOR_NOT_AVAILABLE);
    return this.#groups.get(request.groupId)?.sync(request) ?? syncError(kafkaErrors.UNKNOWN_MEMBER_ID);
  }

  heartbeat(request: MemberRequest): number {
    if (this.#closed) return kafkaErrors.COORDINATOR_NOT_AVAILABLE;
    return this.#groups.get(request.groupId)?.heartbeat(request) ?? kafkaErrors.UNKNOWN_MEMBER_ID;
  }

  leave(groupId: string, members: readonly LeavingMember[]): LeaveResult {
    if (this.#closed) return { errorCode: kafkaErrors.COORDINATOR_NOT_AVAILABLE, members: [] };
    const group = this.#groups.get(groupId);
    return {
      errorCode: kafkaErrors.NONE,
      members: members.map((member) => ({
        ...member,
        errorCode: group?.leave(member) ?? kafkaErrors.UNKNOWN_MEMBER_ID,
      })),
    };
  }

  /** Resolves once the offsets are in the file. */
  async commitOffsets(request: CommitRequest): Promise<readonly CommitResult[]> {
    const { groupId, offsets } = request;
    const group = this.#groups.get(groupId);
    const errorCode = this.#checkCommit(request, group);
    if (errorCode !== kafkaErrors.NONE) return answerAll(offsets, errorCode);
    // Its member is alive.
    group?.heartbeat(request);
    const isTooLarge = (metadata: string | null) => Buffer.byteLength(metadata ?? "") > metadataLimitBytes;
    const taken = offsets.filter(({ metadata }) => !isTooLarge(metadata));
    try {
      const idleSinceMs = group && !group.isUnused ? null : this.#clock.now();
      const facts = { protocolType: this.#protocolTypeOf(groupId), idleSinceMs };
      const stored = taken.map((offset) => ({ ...offset, metadata: offset.metadata ?? "" }));
      if (taken.length > 0) await this.#offsets.commit(groupId, facts, stored);
    } catch {
      return answerAll(offsets, kafkaErrors.KAFKA_STORAGE_ERROR);
    }
    return offsets.map(({ topic, partition, metadata }) => {
      const code = isTooLarge(metadata) ? kafkaErrors.OFFSET_METADATA_TOO_LARGE : kafkaErrors.NONE;
      return { topic, partition, errorCode: code };
    });
  }

  /** `partitions` null: all that the group has committed. Unknown ones get offset -1 and "" as metadata. */
  fetchOffsets(groupId: string, partitions: readonly TopicPartition[] | null): readonly CommittedOffset[] {
    if (partitions === null) return this.#offsets.all(groupId);
    return partitions.map(
      ({ topic, partition }) =>
        this.#offsets.find(groupId, { topic, partition }) ?? {
          topic,
          partition,
          offset: -1,
          leaderEpoch: -1,
          metadata: "",
        },
    );
  }

  /** Every group that has members or offsets. */
  list(): readonly ListedGroup[] {
    return this.#groupIds().map((groupId) => ({
      groupId,
      protocolType: this.#protocolTypeOf(groupId),
      state: this.#groups.get(groupId)?.state ?? "Empty",
    }));
  }

  /** An unknown group is described as "Dead", without an error, as Kafka does up to version 5. */
  describe(groupId: string): GroupDescription {
    const group = this.#groups.get(groupId);
    if (group) return group.describe();
    const facts = this.#offsets.factsOf(groupId);
    const state = facts ? "Empty" : "Dead";
    return { state, protocolType: facts?.protocolType ?? "", protocolName: "", members: [] };
  }

  /** @returns 0, NON_EMPTY_GROUP or GROUP_ID_NOT_FOUND */
  async deleteGroup(groupId: string): Promise<number> {
    const group = this.#groups.get(groupId);
    if (group && !group.isUnused) return kafkaErrors.NON_EMPTY_GROUP;
    if (!group && !this.#offsets.factsOf(groupId)) return kafkaErrors.GROUP_ID_NOT_FOUND;
    this.#groups.delete(groupId);
    return this.#forget(groupId, null);
  }

  /** @returns the code of the whole request and of each partition (GROUP_SUBSCRIBED_TO_TOPIC) */
  async deleteOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<DeleteOffsetsResult> {
    const group = this.#groups.get(groupId);
    if (!group && !this.#offsets.factsOf(groupId)) {
      return { errorCode: kafkaErrors.GROUP_ID_NOT_FOUND, partitions: [] };
    }
    const inUse = group !== undefined && group.state !== "Empty";
    if (inUse && group.protocolType !== "consumer") {
      return { errorCode: kafkaErrors.NON_EMPTY_GROUP, partitions: [] };
    }
    const subscriptions = inUse ? group.memberMetadata.map(subscribedTopics) : [];
    const isSubscribed = ({ topic }: TopicPartition) =>
      subscriptions.some((topics) => topics === null || topics.includes(topic));
    const errorCode = await this.#forget(
      groupId,
      partitions.filter((partition) => !isSubscribed(partition)),
    );
    return {
      errorCode,
      partitions: partitions.map(({ topic, partition }) => ({
        topic,
        partition,
        errorCode: isSubscribed({ topic, partition }) ? kafkaErrors.GROUP_SUBSCRIBED_TO_TOPIC : errorCode,
      })),
    };
  }

  /** Forgets every group's offsets of a topic that was deleted. */
  topicDeleted(topic: string): Promise<void> {
    return this.#offsets.forgetTopic(topic);
  }

  /** Drops offsets of groups empty for longer than the retention; to be called now and then by the owner. */
  async applyRetention(): Promise<void> {
    const nowMs = this.#clock.now();
    for (const groupId of this.#groupIds()) {
      const group = this.#groups.get(groupId);
      if (group && !group.isUnused) continue;
      const { idleSinceMs } = this.#offsets.factsOf(groupId) ?? {};
      if (typeof idleSinceMs === "number") {
        if (nowMs - idleSinceMs <= offsetRetentionMs) continue;
        await this.#offsets.forget(groupId, null);
      }
      this.#groups.delete(groupId);
    }
  }

  flush(): Promise<void> {
    return this.#offsets.flush();
  }

  /** Answers who waits with COORDINATOR_NOT_AVAILABLE, ends all timers, closes the file. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const group of this.#groups.values()) group.close();
    await this.#offsets.close();
  }

  /** Of all that have members or offsets. */
  #groupIds(): string[] {
    return [...new Set([...this.#groups.keys(), ...this.#offsets.groupIds])];
  }

  #protocolTypeOf(groupId: string): string {
    return this.#groups.get(groupId)?.protocolType || (this.#offsets.factsOf(groupId)?.protocolType ?? "");
  }

  #hasRoom(groupId: string): boolean {
    return this.#offsets.factsOf(groupId) !== undefined || this.#groupIds().length < groupLimit;
  }

  #create(groupId: string): Group {
    const group = new Group(this.#clock, () => {
      this.#noteFacts(groupId, group.state === "Empty" && group.isUnused ? this.#clock.now() : null);
    });
    this.#groups.set(groupId, group);
    return group;
  }

  /** Nobody waits for it: after a kill in between, the offsets are kept for longer, that is all. */
  #noteFacts(groupId: string, idleSinceMs: number | null): void {
    const facts = { protocolType: this.#protocolTypeOf(groupId), idleSinceMs };
    void this.#offsets.noteFacts(groupId, facts).catch(() => {});
  }

  #checkCommit(request: CommitRequest, group: Group | undefined): number {
    if (this.#closed) return kafkaErrors.COORDINATOR_NOT_AVAILABLE;
    if (request.generationId < 0 && (!group || group.state === "Empty")) {
      return this.#hasRoom(request.groupId) ? kafkaErrors.NONE : kafkaErrors.GROUP_MAX_SIZE_REACHED;
    }
    if (!group) return kafkaErrors.ILLEGAL_GENERATION;
    const errorCode = group.checkMember(request);
    if (errorCode !== kafkaErrors.NONE) return errorCode;
    return group.state === "CompletingRebalance" ? kafkaErrors.REBALANCE_IN_PROGRESS : kafkaErrors.NONE;
  }

  async #forget(groupId: string, partitions: readonly TopicPartition[] | null): Promise<number> {
    try {
      await this.#offsets.forget(groupId, partitions);
      return kafkaErrors.NONE;
    } catch {
      return kafkaErrors.KAFKA_STORAGE_ERROR;
    }
  }
}

function answerAll(partitions: readonly TopicPartition[], errorCode: number): CommitResult[] {
  return partitions.map(({ topic, partition }) => ({ topic, partition, errorCode }));
}
