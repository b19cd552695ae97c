// The requests and answers of the classic group protocol (Kafka protocol guide, "Group Membership API"), as plain
// objects; error codes are those of kafkaErrors, 0 is success.

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

/** The system's time; its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: Date.now,
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
