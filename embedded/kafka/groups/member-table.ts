import { kafkaErrors } from "../errors.js";
import type { JoinRequest, LeavingMember } from "./group-types.js";
import { commonProtocols, type Member, selectProtocol } from "./member.js";

/** A classic group has few members; more than that is a client gone wrong. */
const memberLimit = 500;

/** Who is in a group, and who was promised a place. */
export class MemberTable {
  readonly #members = new Map<string, Member>();
  /** Member id of each group.instance.id (KIP-345). */
  readonly #instances = new Map<string, string>();
  /** Ids that were given out and have not joined yet, with what cancels the end of their time (KIP-394). */
  readonly #promised = new Map<string, () => void>();

  get all(): Member[] {
    return [...this.#members.values()];
  }

  /** Also of promises. */
  get isEmpty(): boolean {
    return this.#members.size === 0 && this.#promised.size === 0;
  }

  /** Nobody is waited for, not even one who was promised a place. */
  get haveAllJoined(): boolean {
    return this.#promised.size === 0 && this.all.every(({ answerJoin }) => answerJoin);
  }

  /** How long the members want to be waited for; 0 where there are none. */
  get longestRebalanceMs(): number {
    return Math.max(0, ...this.all.map(({ request }) => request.rebalanceTimeoutMs));
  }

  get(memberId: string): Member | undefined {
    return this.#members.get(memberId);
  }

  /** The one who has the instance now, whatever its member id is. */
  getByInstance(groupInstanceId: string | null): Member | undefined {
    return this.#members.get(this.#instances.get(groupInstanceId ?? "") ?? "");
  }

  /** UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID when another has its instance, or 0. */
  check({ memberId, groupInstanceId }: LeavingMember): number {
    const member = groupInstanceId === null ? this.get(memberId) : this.getByInstance(groupInstanceId);
    if (!member) return kafkaErrors.UNKNOWN_MEMBER_ID;
    return member.id === memberId ? kafkaErrors.NONE : kafkaErrors.FENCED_INSTANCE_ID;
  }

  /** Whether it may join, for the first time or again, a group that has the type while it has members. */
  checkJoin(request: JoinRequest, protocolType: string): number {
    const { memberId, groupInstanceId } = request;
    const isKept = groupInstanceId === null && this.isPromised(memberId);
    const errorCode = memberId === "" || isKept ? kafkaErrors.NONE : this.check(request);
    if (errorCode !== kafkaErrors.NONE) return errorCode;
    const former = this.get(memberId) ?? this.getByInstance(groupInstanceId);
    const others = this.all.filter((member) => member !== former);
    if (!former && !isKept && others.length + this.#promised.size >= memberLimit) {
      return kafkaErrors.GROUP_MAX_SIZE_REACHED;
    }
    const lists = [request.protocols, ...others.map((other) => other.request.protocols)];
    const sameType = others.length === 0 || request.protocolType === protocolType;
    return sameType && request.protocolType !== "" && commonProtocols(lists).length > 0
      ? kafkaErrors.NONE
      : kafkaErrors.INCONSISTENT_GROUP_PROTOCOL;
  }

  selectProtocol(): string {
    return selectProtocol(this.all.map(({ request }) => request.protocols));
  }

  add(member: Member): void {
    this.#members.set(member.id, member);
    const { groupInstanceId } = member.request;
    if (groupInstanceId !== null) this.#instances.set(groupInstanceId, member.id);
  }

  remove(member: Member): void {
    member.cancelSession();
    this.#members.delete(member.id);
    const { groupInstanceId } = member.request;
    if (groupInstanceId !== null) this.#instances.delete(groupInstanceId);
  }

  promise(memberId: string, cancel: () => void): void {
    this.#promised.set(memberId, cancel);
  }

  isPromised(memberId: string): boolean {
    return this.#promised.has(memberId);
  }

  endPromise(memberId: string): void {
    this.#promised.get(memberId)?.();
    this.#promised.delete(memberId);
  }

  cancelTimers(): void {
    for (const cancel of this.#promised.values()) cancel();
    for (const member of this.#members.values()) member.cancelSession();
  }
}
