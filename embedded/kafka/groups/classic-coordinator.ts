import { kafkaErrors } from "../errors.js";
import { Group, joinError, syncError } from "./group.js";
import type {
  Clock,
  CommitRequest,
  CommitResult,
  CommittedOffset,
  DeleteOffsetsResult,
  GroupCoordinator,
  GroupDescription,
  JoinRequest,
  JoinResult,
  LeaveResult,
  LeavingMember,
  ListedGroup,
  MemberRequest,
  SyncRequest,
  SyncResult,
  TopicPartition,
} from "./group-coordinator.js";
import { subscribedTopics } from "./member.js";
import type { OffsetStore } from "./offset-store.js";

const groupLimit = 10_000;
/** group.min.session.timeout.ms and group.max.session.timeout.ms of Apache Kafka. */
const sessionTimeoutMs = { min: 6_000, max: 1_800_000 };
/** offset.metadata.max.bytes */
const metadataLimitBytes = 4_096;
/** offsets.retention.minutes */
const offsetRetentionMs = 7 * 24 * 60 * 60 * 1000;

export class ClassicCoordinator implements GroupCoordinator {
  readonly #offsets: OffsetStore;
  readonly #clock: Clock;
  readonly #groups = new Map<string, Group>();
  #closed = false;

  constructor(offsets: OffsetStore, clock: Clock) {
    this.#offsets = offsets;
    this.#clock = clock;
    const nowMs = clock.now();
    // They had members when the process ended: their time without any begins now.
    for (const groupId of offsets.groupIds) {
      if (offsets.factsOf(groupId)?.idleSinceMs === null) this.#noteFacts(groupId, nowMs);
    }
  }

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

  async commitOffsets(request: CommitRequest): Promise<readonly CommitResult[]> {
    const { groupId, offsets } = request;
    const group = this.#groups.get(groupId);
    const errorCode = this.#checkCommit(request, group);
    if (errorCode !== kafkaErrors.NONE) return answerAll(offsets, errorCode);
    group?.renewSession(request.memberId);
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

  list(): readonly ListedGroup[] {
    return this.#groupIds().map((groupId) => ({
      groupId,
      protocolType: this.#protocolTypeOf(groupId),
      state: this.#groups.get(groupId)?.state ?? "Empty",
    }));
  }

  describe(groupId: string): GroupDescription {
    const group = this.#groups.get(groupId);
    if (group) return group.describe();
    const facts = this.#offsets.factsOf(groupId);
    const state = facts ? "Empty" : "Dead";
    return { state, protocolType: facts?.protocolType ?? "", protocolName: "", members: [] };
  }

  async deleteGroup(groupId: string): Promise<number> {
    const group = this.#groups.get(groupId);
    if (group && !group.isUnused) return kafkaErrors.NON_EMPTY_GROUP;
    if (!group && !this.#offsets.factsOf(groupId)) return kafkaErrors.GROUP_ID_NOT_FOUND;
    this.#groups.delete(groupId);
    return this.#forget(groupId, null);
  }

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

  topicDeleted(topic: string): Promise<void> {
    return this.#offsets.forgetTopic(topic);
  }

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
