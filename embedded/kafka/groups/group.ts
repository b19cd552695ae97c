import { kafkaErrors } from "../errors.js";
import type {
  Clock,
  GroupDescription,
  GroupState,
  JoinRequest,
  JoinResult,
  LeavingMember,
  MemberRequest,
  SyncRequest,
  SyncResult,
} from "./group-types.js";
import {
  createMember,
  createMemberId,
  describeMember,
  joinError,
  joinedMember,
  type Member,
  metadataOf,
  noBytes,
  refuse,
  sameProtocols,
  syncError,
} from "./member.js";
import { MemberTable } from "./member-table.js";

/**
 * The members of one group and the state machine that Apache Kafka's classic coordinator has: Empty ->
 * PreparingRebalance (members join) -> CompletingRebalance (the leader assigns) -> Stable.
 */
export class Group {
  /** These two only the group itself changes. */
  state: GroupState = "Empty";
  protocolType = "";
  readonly #clock: Clock;
  readonly #members = new MemberTable();
  #generationId = 0;
  #protocolName = "";
  #leader = "";
  #cancelRebalance = () => {};
  /** Called when members come to a group that had none, or the last one is gone. */
  readonly #onEmptyChanged: () => void;

  constructor(clock: Clock, onEmptyChanged: () => void) {
    this.#clock = clock;
    this.#onEmptyChanged = onEmptyChanged;
  }

  /** Nobody is in it or about to be. */
  get isUnused(): boolean {
    return this.#members.isEmpty;
  }

  /** What the members told about themselves for the protocol in use. */
  get memberMetadata(): Buffer[] {
    return this.#members.all.map((member) => metadataOf(member, this.#protocolName));
  }

  async join(request: JoinRequest): Promise<JoinResult> {
    const { memberId, groupInstanceId } = request;
    const member = this.#members.get(memberId);
    const errorCode = this.#members.checkJoin(request, this.protocolType);
    if (errorCode !== kafkaErrors.NONE) return joinError(errorCode, memberId);
    if (member) return this.#rejoin(member, request);
    if (memberId !== "") {
      this.#members.endPromise(memberId);
      return this.#add(memberId, request);
    }
    const newId = createMemberId(request);
    const replaced = this.#members.getByInstance(groupInstanceId);
    if (replaced) return this.#replace(replaced, newId, request);
    if (groupInstanceId !== null || !request.requireKnownMemberId) return this.#add(newId, request);
    const { sessionTimeoutMs } = request;
    this.#members.promise(
      newId,
      this.#clock.after(sessionTimeoutMs, () => this.#breakPromise(newId)),
    );
    return joinError(kafkaErrors.MEMBER_ID_REQUIRED, newId);
  }

  async sync(request: SyncRequest): Promise<SyncResult> {
    const member = this.#members.get(request.memberId);
    const errorCode = this.checkMember(request);
    if (errorCode !== kafkaErrors.NONE || !member) return syncError(errorCode);
    if (this.state === "PreparingRebalance") return syncError(kafkaErrors.REBALANCE_IN_PROGRESS);
    this.#renewSession(member);
    if (this.state === "Stable") return { errorCode: 0, assignment: member.assignment };
    const answer = new Promise<SyncResult>((resolve) => {
      member.answerSync?.(syncError(kafkaErrors.REBALANCE_IN_PROGRESS));
      member.answerSync = resolve;
    });
    if (member.id === this.#leader) this.#assign(request.assignments);
    return answer;
  }

  heartbeat(request: MemberRequest): number {
    const member = this.#members.get(request.memberId);
    const errorCode = this.checkMember(request);
    if (errorCode !== kafkaErrors.NONE || !member) return errorCode;
    this.#renewSession(member);
    return this.state === "PreparingRebalance" ? kafkaErrors.REBALANCE_IN_PROGRESS : kafkaErrors.NONE;
  }

  leave({ memberId, groupInstanceId }: LeavingMember): number {
    if (this.#members.isPromised(memberId)) {
      this.#breakPromise(memberId);
      return kafkaErrors.NONE;
    }
    // An administrator names a static member by its instance alone.
    const id = memberId || (this.#members.getByInstance(groupInstanceId)?.id ?? "");
    const errorCode = this.#members.check({ memberId: id, groupInstanceId });
    const member = this.#members.get(id);
    if (errorCode === kafkaErrors.NONE && member) this.#remove(member);
    return errorCode;
  }

  /** UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION or 0. */
  checkMember(request: MemberRequest): number {
    const errorCode = this.#members.check(request);
    if (errorCode !== kafkaErrors.NONE) return errorCode;
    return request.generationId === this.#generationId ? kafkaErrors.NONE : kafkaErrors.ILLEGAL_GENERATION;
  }

  describe(): GroupDescription {
    const isStable = this.state === "Stable";
    return {
      state: this.state,
      protocolType: this.protocolType,
      protocolName: isStable ? this.#protocolName : "",
      members: this.#members.all.map((member) =>
        describeMember(member, isStable ? this.#protocolName : null),
      ),
    };
  }

  /** Ends all timers and answers all who wait; the group is not used any more. */
  close(): void {
    this.state = "Dead";
    this.#cancelRebalance();
    this.#members.cancelTimers();
    for (const member of this.#members.all) refuse(member, kafkaErrors.COORDINATOR_NOT_AVAILABLE);
  }

  #add(id: string, request: JoinRequest): Promise<JoinResult> {
    const member = createMember(id, request);
    const isFirst = this.#members.all.length === 0;
    this.#members.add(member);
    if (isFirst) {
      this.protocolType = request.protocolType;
      this.#leader = id;
      this.#onEmptyChanged();
    }
    return this.#awaitGeneration(member);
  }

  async #rejoin(member: Member, request: JoinRequest): Promise<JoinResult> {
    const changed = !sameProtocols(member.request.protocols, request.protocols);
    member.request = request;
    // A repeated request, whose answer was lost, does not begin a rebalance; a leader's does when all was settled.
    const isRepeated =
      !changed &&
      (this.state === "CompletingRebalance" || (this.state === "Stable" && member.id !== this.#leader));
    if (!isRepeated) return this.#awaitGeneration(member);
    this.#renewSession(member);
    return this.#describeGeneration(member);
  }

  /** A static member that was restarted takes the place of its former self, and of its assignment (KIP-345). */
  async #replace(old: Member, id: string, request: JoinRequest): Promise<JoinResult> {
    const formerLeader = this.#leader;
    refuse(old, kafkaErrors.FENCED_INSTANCE_ID);
    this.#members.remove(old);
    const member = createMember(id, request);
    member.assignment = old.assignment;
    this.#members.add(member);
    if (formerLeader === old.id) this.#leader = id;
    if (this.state !== "Stable" || this.#members.selectProtocol() !== this.#protocolName) {
      return this.#awaitGeneration(member);
    }
    this.#renewSession(member);
    // The former leader's id: the new one is not to assign anything, all keep what they have.
    return { ...this.#describeGeneration(member), leader: formerLeader, members: [] };
  }

  #awaitGeneration(member: Member): Promise<JoinResult> {
    return new Promise((resolve) => {
      member.answerJoin?.(joinError(kafkaErrors.REBALANCE_IN_PROGRESS, member.id));
      member.answerJoin = resolve;
      // Whoever waits is there: the rebalance timeout watches over the others.
      member.cancelSession();
      if (this.state === "PreparingRebalance") this.#completeIfAllJoined();
      else this.#prepareRebalance();
    });
  }

  #prepareRebalance(): void {
    for (const member of this.#members.all) {
      this.#answerSync(member, syncError(kafkaErrors.REBALANCE_IN_PROGRESS));
    }
    const wasEmpty = this.state === "Empty";
    this.state = "PreparingRebalance";
    this.#startRebalanceTimer(() => this.#completeJoin());
    // group.initial.rebalance.delay.ms is 0: the first member waits for nobody, not even for promised ones.
    if (wasEmpty) this.#completeJoin();
    else this.#completeIfAllJoined();
  }

  #startRebalanceTimer(run: () => void): void {
    this.#cancelRebalance();
    this.#cancelRebalance = this.#clock.after(this.#members.longestRebalanceMs, run);
  }

  #completeIfAllJoined(): void {
    if (this.#members.haveAllJoined) this.#completeJoin();
  }

  /** Begins the generation with those who joined; of the others only static members keep their place. */
  #completeJoin(): void {
    this.#cancelRebalance();
    const members = this.#members.all;
    const joined = members.filter(({ answerJoin }) => answerJoin);
    if (joined.length === 0 && members.some(({ request }) => request.groupInstanceId !== null)) {
      this.#startRebalanceTimer(() => this.#completeJoin());
      return;
    }
    for (const member of members) {
      if (!member.answerJoin && member.request.groupInstanceId === null) this.#members.remove(member);
    }
    this.#generationId += 1;
    if (joined.length === 0) {
      this.state = "Empty";
      this.#protocolName = "";
      this.#leader = "";
      this.#onEmptyChanged();
      return;
    }
    if (!joined.some(({ id }) => id === this.#leader)) this.#leader = joined[0]?.id ?? "";
    this.#protocolName = this.#members.selectProtocol();
    this.state = "CompletingRebalance";
    // Those who took their place and then do not ask for their part of it lose it (KIP-537's rule for joins).
    this.#startRebalanceTimer(() => {
      for (const member of this.#members.all) if (!member.answerSync) this.#members.remove(member);
      this.#prepareRebalance();
    });
    for (const member of joined) {
      const { answerJoin } = member;
      member.answerJoin = undefined;
      this.#renewSession(member);
      answerJoin?.(this.#describeGeneration(member));
    }
  }

  #assign(assignments: SyncRequest["assignments"]): void {
    this.#cancelRebalance();
    this.state = "Stable";
    for (const member of this.#members.all) {
      member.assignment = assignments.find(({ memberId }) => memberId === member.id)?.assignment ?? noBytes;
      this.#answerSync(member, { errorCode: kafkaErrors.NONE, assignment: member.assignment });
    }
  }

  #answerSync(member: Member, result: SyncResult): void {
    if (!member.answerSync) return;
    this.#renewSession(member);
    member.answerSync(result);
    member.answerSync = undefined;
  }

  #describeGeneration(member: Member): JoinResult {
    const members = member.id === this.#leader ? this.#members.all : [];
    return {
      errorCode: kafkaErrors.NONE,
      generationId: this.#generationId,
      protocolName: this.#protocolName,
      leader: this.#leader,
      memberId: member.id,
      members: members.map((other) => joinedMember(other, this.#protocolName)),
    };
  }

  #renewSession(member: Member): void {
    member.cancelSession();
    member.cancelSession = this.#clock.after(member.request.sessionTimeoutMs, () => {
      // One that waits for an answer cannot send heartbeats.
      if (!member.answerSync) this.#remove(member);
    });
  }

  #breakPromise(memberId: string): void {
    this.#members.endPromise(memberId);
    if (this.state === "PreparingRebalance") this.#completeIfAllJoined();
  }

  #remove(member: Member): void {
    refuse(member, kafkaErrors.UNKNOWN_MEMBER_ID);
    this.#members.remove(member);
    if (this.state === "PreparingRebalance") this.#completeIfAllJoined();
    else this.#prepareRebalance();
  }
}
