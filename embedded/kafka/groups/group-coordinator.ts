import { ClassicCoordinator } from "./classic-coordinator.js";
import { systemClock } from "./clock.js";
import { OffsetStore } from "./offset-store.js";

/**
 * The classic group protocol and committed offsets, with plain objects and error codes as numbers (kafkaErrors; 0 is
 * success). Methods never reject for what a client did wrong. Rules: Kafka protocol guide, "Group Membership API".
 */
export interface GroupCoordinator {
  /** Resolves when the generation is complete, which may take until the rebalance timeout of the slowest member. */
  join(request: JoinRequest): Promise<JoinResult>;
  /** Followers wait for the leader's assignments. */
  sync(request: SyncRequest): Promise<SyncResult>;
  heartbeat(request: MemberRequest): number;
  leave(groupId: string, members: readonly LeavingMember[]): LeaveResult;

  /** Resolves once the offsets are in the file. */
  commitOffsets(request: CommitRequest): Promise<readonly CommitResult[]>;
  /** `partitions` null: all that the group has committed. Unknown ones get offset -1 and "" as metadata. */
  fetchOffsets(groupId: string, partitions: readonly TopicPartition[] | null): readonly CommittedOffset[];

  /** Every group that has members or offsets. */
  list(): readonly ListedGroup[];
  /** An unknown group is described as "Dead", without an error, as Kafka does up to version 5. */
  describe(groupId: string): GroupDescription;
  /** @returns 0, NON_EMPTY_GROUP or GROUP_ID_NOT_FOUND */
  deleteGroup(groupId: string): Promise<number>;
  /** @returns the code of the whole request and of each partition (GROUP_SUBSCRIBED_TO_TOPIC) */
  deleteOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<DeleteOffsetsResult>;
  /** Forgets every group's offsets of a topic that was deleted. */
  topicDeleted(topic: string): Promise<void>;

  /** Drops offsets of groups empty for longer than the retention; to be called now and then by the owner. */
  applyRetention(): Promise<void>;
  flush(): Promise<void>;
  /** Answers who waits with COORDINATOR_NOT_AVAILABLE, ends all timers, closes the file. */
  close(): Promise<void>;
}

export interface GroupProtocol {
  readonly name: string;
  readonly metadata: Buffer;
}

export interface JoinRequest {
  readonly groupId: string;
  /** "" for a new member. */
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  /** As Kafka shows it: "/127.0.0.1". */
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  /** In order of preference. */
  readonly protocols: readonly GroupProtocol[];
  /** Of JoinGroup 4 and later: a new dynamic member first gets its id, with MEMBER_ID_REQUIRED (KIP-394). */
  readonly requireKnownMemberId: boolean;
}

export interface JoinResult {
  readonly errorCode: number;
  /** -1 on error. */
  readonly generationId: number;
  /** "" on error. */
  readonly protocolName: string;
  /** Member id. */
  readonly leader: string;
  readonly memberId: string;
  /** Only the leader gets them. */
  readonly members: readonly JoinedMember[];
}

export interface JoinedMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly metadata: Buffer;
}

export interface MemberRequest {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

export interface SyncRequest extends MemberRequest {
  /** From the leader; others send none. */
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[];
}

export interface SyncResult {
  readonly errorCode: number;
  readonly assignment: Buffer;
}

export interface LeavingMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

export interface LeaveResult {
  /** Of the whole request. Up to version 2, which has one member, answer the first member's code if this is 0. */
  readonly errorCode: number;
  readonly members: readonly (LeavingMember & { readonly errorCode: number })[];
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface CommitRequest extends MemberRequest {
  /** The caller has checked that they exist. */
  readonly offsets: readonly (TopicPartition & {
    readonly offset: number;
    readonly leaderEpoch: number;
    readonly metadata: string | null;
  })[];
}

export interface CommitResult extends TopicPartition {
  readonly errorCode: number;
}

export interface CommittedOffset extends TopicPartition {
  /** -1: none. */
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
}

export type GroupState = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Stable" | "Dead";

export interface ListedGroup {
  readonly groupId: string;
  readonly protocolType: string;
  readonly state: GroupState;
}

export interface GroupDescription {
  readonly state: GroupState;
  readonly protocolType: string;
  /** Chosen protocol; "" unless the group is Stable. */
  readonly protocolName: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly clientId: string;
    readonly clientHost: string;
    /** Empty unless the group is Stable. */
    readonly metadata: Buffer;
    readonly assignment: Buffer;
  }[];
}

export interface DeleteOffsetsResult {
  readonly errorCode: number;
  readonly partitions: readonly CommitResult[];
}

/** Time as the coordinator sees it; a test brings its own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** @returns a function that cancels the call */
  after(delayMs: number, run: () => void): () => void;
}

export interface OpenGroupCoordinatorOptions {
  /** Created when it is not there. */
  readonly folder: string;
  /** One line when a torn tail was cut off. */
  readonly log: (level: "info" | "warn" | "error", text: string) => void;
  /** The system's unless a test says otherwise. */
  readonly clock?: Clock;
}

/**
 * Reads the committed offsets and starts without members.
 * @throws Error with code "DATA_DAMAGED", or what the file system says
 */
export async function openGroupCoordinator(options: OpenGroupCoordinatorOptions): Promise<GroupCoordinator> {
  return new ClassicCoordinator(await OffsetStore.open(options), options.clock ?? systemClock);
}
