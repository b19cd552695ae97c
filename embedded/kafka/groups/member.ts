import { randomUUID } from "node:crypto";
import type { GroupDescription, GroupProtocol, JoinRequest, JoinResult, SyncResult } from "./group-types.js";

export const noBytes = Buffer.alloc(0);

/** A member of a group, from its first join until it leaves or its session ends. */
export interface Member {
  readonly id: string;
  request: JoinRequest;
  assignment: Buffer;
  /** Answers the JoinGroup that waits for the generation to be complete. */
  answerJoin: ((result: JoinResult) => void) | undefined;
  /** Answers the SyncGroup that waits for the leader's assignments. */
  answerSync: ((result: SyncResult) => void) | undefined;
  cancelSession: () => void;
}

/** A new one, for who has none. Cut, as the protocol's strings have a limit and the client's may be at it. */
export function createMemberId({ groupInstanceId, clientId }: JoinRequest): string {
  return `${(groupInstanceId ?? clientId).slice(0, 255)}-${randomUUID()}`;
}

export function createMember(id: string, request: JoinRequest): Member {
  return {
    id,
    request,
    assignment: noBytes,
    answerJoin: undefined,
    answerSync: undefined,
    cancelSession: () => {},
  };
}

export function joinError(errorCode: number, memberId: string): JoinResult {
  return { errorCode, generationId: -1, protocolName: "", leader: "", memberId, members: [] };
}

export function syncError(errorCode: number): SyncResult {
  return { errorCode, assignment: noBytes };
}

/** Answers whatever it waits for. */
export function refuse(member: Member, errorCode: number): void {
  member.answerJoin?.(joinError(errorCode, member.id));
  member.answerSync?.(syncError(errorCode));
  member.answerJoin = undefined;
  member.answerSync = undefined;
}

/** @param protocolName null: not settled, nothing is told about it */
export function describeMember(
  member: Member,
  protocolName: string | null,
): GroupDescription["members"][number] {
  const { groupInstanceId, clientId, clientHost } = member.request;
  const isSettled = protocolName !== null;
  return {
    memberId: member.id,
    groupInstanceId,
    clientId,
    clientHost,
    metadata: isSettled ? metadataOf(member, protocolName) : noBytes,
    assignment: isSettled ? member.assignment : noBytes,
  };
}

/** As the leader is told of it. */
export function joinedMember(member: Member, protocolName: string): JoinResult["members"][number] {
  const { groupInstanceId } = member.request;
  return { memberId: member.id, groupInstanceId, metadata: metadataOf(member, protocolName) };
}

export function metadataOf(member: Member, protocolName: string): Buffer {
  return member.request.protocols.find(({ name }) => name === protocolName)?.metadata ?? noBytes;
}

/** Whether two joins say the same, so that nothing has to be assigned anew. */
export function sameProtocols(a: readonly GroupProtocol[], b: readonly GroupProtocol[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, metadata }, index) => name === b[index]?.name && metadata.equals(b[index].metadata))
  );
}

/** The protocols that all have, in the order of the first. */
export function commonProtocols(lists: readonly (readonly GroupProtocol[])[]): string[] {
  const [first = [], ...others] = lists;
  return first
    .map(({ name }) => name)
    .filter((name) => others.every((list) => list.some((protocol) => protocol.name === name)));
}

/** Each list votes for the first in it that all have; the one with most votes is taken. */
export function selectProtocol(lists: readonly (readonly GroupProtocol[])[]): string {
  const common = commonProtocols(lists);
  const votes = lists.map((list) => list.find(({ name }) => common.includes(name))?.name);
  const count = (name: string) => votes.filter((vote) => vote === name).length;
  return [...common].sort((a, b) => count(b) - count(a))[0] ?? "";
}

/** Topics that a consumer's metadata subscribes to ("Consumer Protocol": version, array of names); null: unreadable. */
export function subscribedTopics(metadata: Buffer): string[] | null {
  try {
    let position = 6;
    return Array.from({ length: Math.max(0, metadata.readInt32BE(2)) }, () => {
      const start = position + 2;
      position = start + metadata.readInt16BE(position);
      return metadata.toString("utf8", start, position);
    });
  } catch {
    return null;
  }
}
