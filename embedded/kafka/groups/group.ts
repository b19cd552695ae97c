import { randomUUID } from "node:crypto";
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
} from "./group-coordinator.js";
import {
  commonProtocols,
  createMember,
  type Member,
  metadataOf,
  sameProtocols,
  selectProtocol,
} from "./member.js";

/** A classic group has few members; more than that is a client gone wrong. */
const memberLimit = 500;
const nothing = Buffer.alloc(0);

export function joinError(errorCode: number, memberId: string): JoinResult {
  return { errorCode, generationId: -1, protocolName: "", leader: "", memberId, members: [] };
}

export function syncError(errorCode: number): SyncResult {
  return { errorCode, assignment: nothing };
}

/**
 * The members of one group and the state machine that Apache Kafka's classic coordinator has: Empty ->
 * PreparingRebalance (members join) -> CompletingRebalance (the leader assigns) -> Stable.
 */
export class Group {
  readonly #clock: Clock;
  readonly #members = new Map<string, Member>();
  /** Ids that were given out and have not joined yet, with what ends their time (KIP-394). */
  readonly #promised = new Map<string, () => void>();
  /** Member id of each group.instance.id (KIP-345). */
  readonly #instances = new Map<string, string>();
  #state: GroupState = "Empty";
  #generationId = 0;
  #protocolType = "";
  #protocolName = "";
  #leader = "";
  #cancelRebalance = () => {};
  /** Called when members come to a group that had none, or the last one is gone. */
  readonly #onEmptyChanged: () => void;

  constructor(clock: Clock, onEmptyChanged: () => void) {
    this.#clock = clock;
    this.#onEmptyChanged = onEmptyChanged;
  }

  get state(): GroupState {
    return this.#state;
  }

  get protocolType(): string {
    return this.#protocolType;
  }

  /** Nobody is in it or about to be. */
  get isUnused(): boolean {
    return this.#members.size === 0 && this.#promised.size === 0;
  }

  /** What the members told about themselves for the protocol in use. */
  get memberMetadata(): Buffer[] {
    return [...this.#members.values()].map((member) => metadataOf(member, this.#protocolName));
  }

  join(request: JoinRequest): Promise<JoinResult> {
    const { memberId, groupInstanceId } = request;
    const member = this.#members.get(memberId);
    const instanceOwner = groupInstanceId === null ? undefined : this.#instances.get(groupInstanceId);
    const errorCode = this.#checkJoin(request, instanceOwner);
    if (errorCode !== kafkaErrors.NONE) return Promise.resolve(joinError(errorCode, memberId));
    if (member) return this.#rejoin(member, request);
    if (memberId !== "") {
      this.#endPromise(memberId);
      return this.#add(memberId, request);
    }
    const newId = `${groupInstanceId ?? request.clientId}-${randomUUID()}`;
    const replaced = instanceOwner === undefined ? undefined : this.#members.get(instanceOwner);
    if (replaced) return this.#replace(replaced, newId, request);
    if (groupInstanceId !== null || !request.requireKnownMemberId) return this.#add(newId, request);
    this.#promised.set(
      newId,
      this.#clock.after(request.sessionTimeoutMs, () => this.#breakPromise(newId)),
    );
    return Promise.resolve(joinError(kafkaErrors.MEMBER_ID_REQUIRED, newId));
  }

  sync(request: SyncRequest): Promise<SyncResult> {
    const member = this.#members.get(request.memberId);
    const errorCode = this.checkMember(request);
    if (errorCode !== kafkaErrors.NONE || !member) return Promise.resolve(syncError(errorCode));
    if (this.#state === "PreparingRebalance") {
      return Promise.resolve(syncError(kafkaErrors.REBALANCE_IN_PROGRESS));
    }
    this.#renewSession(member);
    if (this.#state === "Stable") return Promise.resolve({ errorCode: 0, assignment: member.assignment });
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
    return this.#state === "PreparingRebalance" ? kafkaErrors.REBALANCE_IN_PROGRESS : kafkaErrors.NONE;
  }

  leave({ memberId, groupInstanceId }: LeavingMember): number {
    if (this.#promised.has(memberId)) {
      this.#breakPromise(memberId);
      return kafkaErrors.NONE;
    }
    // An administrator names a static member by its instance alone.
    const owner = groupInstanceId === null ? memberId : this.#instances.get(groupInstanceId);
    const member = owner === undefined ? undefined : this.#members.get(owner);
    if (!member) return kafkaErrors.UNKNOWN_MEMBER_ID;
    if (memberId !== "" && memberId !== member.id) return kafkaErrors.FENCED_INSTANCE_ID;
    this.#remove(member);
    return kafkaErrors.NONE;
  }

  /** UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION or 0. */
  checkMember({ memberId, groupInstanceId, generationId }: MemberRequest): number {
    const owner = groupInstanceId === null ? memberId : this.#instances.get(groupInstanceId);
    if (owner === undefined) return kafkaErrors.UNKNOWN_MEMBER_ID;
    if (owner !== memberId) return kafkaErrors.FENCED_INSTANCE_ID;
    if (!this.#members.has(memberId)) return kafkaErrors.UNKNOWN_MEMBER_ID;
    return generationId === this.#generationId ? kafkaErrors.NONE : kafkaErrors.ILLEGAL_GENERATION;
  }

  /** As a heartbeat does, for a commit. */
  renewSession(memberId: string): void {
    const member = this.#members.get(memberId);
    if (member) this.#renewSession(member);
  }

  describe(): GroupDescription {
    const isStable = this.#state === "Stable";
    return {
      state: this.#state,
      protocolType: this.#protocolType,
      protocolName: isStable ? this.#protocolName : "",
      members: [...this.#members.values()].map((member) => ({
        memberId: member.id,
        groupInstanceId: member.request.groupInstanceId,
        clientId: member.request.clientId,
        clientHost: member.request.clientHost,
        metadata: isStable ? metadataOf(member, this.#protocolName) : nothing,
        assignment: isStable ? member.assignment : nothing,
      })),
    };
  }

  /** Ends all timers and answers all who wait; the group is not used any more. */
  close(): void {
    this.#state = "Dead";
    this.#cancelRebalance();
    for (const cancel of this.#promised.values()) cancel();
    for (const member of this.#members.values()) {
      member.cancelSession();
      this.#answer(member, kafkaErrors.COORDINATOR_NOT_AVAILABLE);
    }
  }

  #checkJoin(request: JoinRequest, instanceOwner: string | undefined): number {
    const { memberId, groupInstanceId } = request;
    const member = this.#members.get(memberId);
    if (memberId !== "" && groupInstanceId !== null) {
      if (instanceOwner === undefined) return kafkaErrors.UNKNOWN_MEMBER_ID;
      if (instanceOwner !== memberId) return kafkaErrors.FENCED_INSTANCE_ID;
    }
    if (memberId !== "" && !member && !this.#promised.has(memberId)) return kafkaErrors.UNKNOWN_MEMBER_ID;
    const others = [...this.#members.values()].filter(({ id }) => id !== memberId && id !== instanceOwner);
    if (!member && others.length + this.#promised.size >= memberLimit)
      return kafkaErrors.GROUP_MAX_SIZE_REACHED;
    const lists = [request.protocols, ...others.map((other) => other.request.protocols)];
    const sameType = others.length === 0 || request.protocolType === this.#protocolType;
    return sameType && request.protocolType !== "" && commonProtocols(lists).length > 0
      ? kafkaErrors.NONE
      : kafkaErrors.INCONSISTENT_GROUP_PROTOCOL;
  }

  #add(id: string, request: JoinRequest): Promise<JoinResult> {
    const member = createMember(id, request);
    if (this.#members.size === 0) this.#protocolType = request.protocolType;
    this.#members.set(id, member);
    if (request.groupInstanceId !== null) this.#instances.set(request.groupInstanceId, id);
    if (this.#members.size === 1) {
      this.#leader = id;
      this.#onEmptyChanged();
    }
    return this.#awaitGeneration(member);
  }

  #rejoin(member: Member, request: JoinRequest): Promise<JoinResult> {
    const changed = !sameProtocols(member.request.protocols, request.protocols);
    member.request = request;
    // A repeated request, whose answer was lost, does not begin a rebalance; a leader's does when all was settled.
    const isRepeated =
      !changed &&
      (this.#state === "CompletingRebalance" || (this.#state === "Stable" && member.id !== this.#leader));
    if (!isRepeated) return this.#awaitGeneration(member);
    this.#renewSession(member);
    return Promise.resolve(this.#describeGeneration(member));
  }

  /** A static member that was restarted takes the place of its former self, and of its assignment (KIP-345). */
  #replace(old: Member, id: string, request: JoinRequest): Promise<JoinResult> {
    const formerLeader = this.#leader;
    this.#answer(old, kafkaErrors.FENCED_INSTANCE_ID);
    old.cancelSession();
    this.#members.delete(old.id);
    const member = createMember(id, request);
    member.assignment = old.assignment;
    this.#members.set(id, member);
    this.#instances.set(request.groupInstanceId ?? "", id);
    if (formerLeader === old.id) this.#leader = id;
    if (this.#state !== "Stable" || this.#selectProtocol() !== this.#protocolName) {
      return this.#awaitGeneration(member);
    }
    this.#renewSession(member);
    // The former leader's id: the new one is not to assign anything, all keep what they have.
    return Promise.resolve({ ...this.#describeGeneration(member), leader: formerLeader, members: [] });
  }

  #awaitGeneration(member: Member): Promise<JoinResult> {
    return new Promise((resolve) => {
      member.answerJoin?.(joinError(kafkaErrors.REBALANCE_IN_PROGRESS, member.id));
      member.answerJoin = resolve;
      // Whoever waits is there: the rebalance timeout watches over the others.
      member.cancelSession();
      if (this.#state === "PreparingRebalance") this.#completeIfAllJoined();
      else this.#prepareRebalance();
    });
  }

  #prepareRebalance(): void {
    for (const member of this.#members.values()) {
      member.answerSync?.(syncError(kafkaErrors.REBALANCE_IN_PROGRESS));
      if (member.answerSync) this.#renewSession(member);
      member.answerSync = undefined;
    }
    const wasEmpty = this.#state === "Empty";
    this.#state = "PreparingRebalance";
    this.#startRebalanceTimer(() => this.#completeJoin());
    // group.initial.rebalance.delay.ms is 0: the first member waits for nobody, not even for promised ones.
    if (wasEmpty) this.#completeJoin();
    else this.#completeIfAllJoined();
  }

  #startRebalanceTimer(run: () => void): void {
    this.#cancelRebalance();
    const timeouts = [...this.#members.values()].map(({ request }) => request.rebalanceTimeoutMs);
    this.#cancelRebalance = this.#clock.after(Math.max(0, ...timeouts), run);
  }

  #completeIfAllJoined(): void {
    const allJoined = [...this.#members.values()].every(({ answerJoin }) => answerJoin);
    if (allJoined && this.#promised.size === 0) this.#completeJoin();
  }

  /** Begins the generation with those who joined; of the others only static members keep their place. */
  #completeJoin(): void {
    this.#cancelRebalance();
    const members = [...this.#members.values()];
    const joined = members.filter(({ answerJoin }) => answerJoin);
    if (joined.length === 0 && members.some(({ request }) => request.groupInstanceId !== null)) {
      this.#startRebalanceTimer(() => this.#completeJoin());
      return;
    }
    for (const member of members) {
      if (!member.answerJoin && member.request.groupInstanceId === null) this.#forget(member);
    }
    this.#generationId += 1;
    if (joined.length === 0) {
      this.#becomeEmpty();
      return;
    }
    if (!joined.some(({ id }) => id === this.#leader)) this.#leader = joined[0]?.id ?? "";
    this.#protocolName = this.#selectProtocol();
    this.#state = "CompletingRebalance";
    this.#startRebalanceTimer(() => this.#dropUnsynced());
    for (const member of joined) {
      const { answerJoin } = member;
      member.answerJoin = undefined;
      this.#renewSession(member);
      answerJoin?.(this.#describeGeneration(member));
    }
  }

  /** Those who took their place in the generation and then did not ask for their part of it (KIP-537's rule for joins). */
  #dropUnsynced(): void {
    for (const member of this.#members.values()) if (!member.answerSync) this.#forget(member);
    this.#prepareRebalance();
  }

  #assign(assignments: SyncRequest["assignments"]): void {
    this.#cancelRebalance();
    this.#state = "Stable";
    for (const member of this.#members.values()) {
      member.assignment = assignments.find(({ memberId }) => memberId === member.id)?.assignment ?? nothing;
      if (member.answerSync) this.#renewSession(member);
      member.answerSync?.({ errorCode: kafkaErrors.NONE, assignment: member.assignment });
      member.answerSync = undefined;
    }
  }

  #describeGeneration(member: Member): JoinResult {
    const isLeader = member.id === this.#leader;
    return {
      errorCode: kafkaErrors.NONE,
      generationId: this.#generationId,
      protocolName: this.#protocolName,
      leader: this.#leader,
      memberId: member.id,
      members: (isLeader ? [...this.#members.values()] : []).map((other) => ({
        memberId: other.id,
        groupInstanceId: other.request.groupInstanceId,
        metadata: metadataOf(other, this.#protocolName),
      })),
    };
  }

  #selectProtocol(): string {
    return selectProtocol([...this.#members.values()].map(({ request }) => request.protocols));
  }

  #renewSession(member: Member): void {
    member.cancelSession();
    member.cancelSession = this.#clock.after(member.request.sessionTimeoutMs, () => {
      // One that waits for an answer cannot send heartbeats.
      if (!member.answerSync) this.#remove(member);
    });
  }

  #breakPromise(memberId: string): void {
    this.#endPromise(memberId);
    if (this.#state === "PreparingRebalance") this.#completeIfAllJoined();
  }

  #endPromise(memberId: string): void {
    this.#promised.get(memberId)?.();
    this.#promised.delete(memberId);
  }

  #remove(member: Member): void {
    this.#answer(member, kafkaErrors.UNKNOWN_MEMBER_ID);
    this.#forget(member);
    if (this.#state === "PreparingRebalance") this.#completeIfAllJoined();
    else this.#prepareRebalance();
  }

  #forget(member: Member): void {
    member.cancelSession();
    this.#members.delete(member.id);
    if (member.request.groupInstanceId !== null) this.#instances.delete(member.request.groupInstanceId);
  }

  #answer(member: Member, errorCode: number): void {
    member.answerJoin?.(joinError(errorCode, member.id));
    member.answerSync?.(syncError(errorCode));
    member.answerJoin = undefined;
    member.answerSync = undefined;
  }

  #becomeEmpty(): void {
    this.#state = "Empty";
    this.#protocolName = "";
    this.#leader = "";
    this.#onEmptyChanged();
  }
}
