import { type Handler, nodeId } from "../broker.js";
import { codeOf, KafkaError, kafkaErrors } from "../errors.js";
import type { LeavingMember } from "../groups/group-types.js";
import type { Reader } from "../protocol/reader.js";
import { transactionsRefused } from "./produce.js";

const groupKeyType = 0;
const transactionKeyType = 1;

/** FindCoordinator: this node, for groups; transactions have none. */
export const findCoordinator: Handler = (broker, { version, reader, writer }) => {
  reader.string();
  const keyType = version >= 1 ? reader.int8() : groupKeyType;
  const error = refuseKeyType(keyType);
  writer.int16(codeOf(error));
  if (version >= 1) writer.nullableString(error?.message ?? null);
  return error === null
    ? writer.int32(nodeId).string(broker.host).int32(broker.port)
    : writer.int32(-1).string("").int32(-1);
};

function refuseKeyType(keyType: number): KafkaError | null {
  if (keyType === groupKeyType) return null;
  if (keyType === transactionKeyType) return transactionsRefused();
  return new KafkaError("INVALID_REQUEST", `Unknown type of coordinator: ${keyType}.`);
}

/** JoinGroup. */
export const joinGroup: Handler = async (broker, { version, reader, writer, clientId, client }) => {
  const result = await broker.groups.join({
    groupId: reader.string(),
    sessionTimeoutMs: reader.int32(),
    rebalanceTimeoutMs: reader.int32(),
    memberId: reader.string(),
    groupInstanceId: version >= 5 ? reader.nullableString() : null,
    protocolType: reader.string(),
    protocols: reader.array(() => ({ name: reader.string(), metadata: copyBytes(reader) })),
    clientId,
    clientHost: client.host,
    requireKnownMemberId: version >= 4,
  });
  writer.int16(result.errorCode).int32(result.generationId);
  writer.string(result.protocolName).string(result.leader).string(result.memberId);
  return writer.array(result.members, ({ memberId, groupInstanceId, metadata }) => {
    writer.string(memberId);
    if (version >= 5) writer.nullableString(groupInstanceId);
    writer.bytes(metadata);
  });
};

/** SyncGroup. */
export const syncGroup: Handler = async (broker, { version, reader, writer }) => {
  const { errorCode, assignment } = await broker.groups.sync({
    ...readMember(reader, version >= 3),
    assignments: reader.array(() => ({ memberId: reader.string(), assignment: copyBytes(reader) })),
  });
  return writer.int16(errorCode).bytes(assignment);
};

/** Heartbeat. */
export const heartbeat: Handler = (broker, { version, reader, writer }) => {
  return writer.int16(broker.groups.heartbeat(readMember(reader, version >= 3)));
};

/** LeaveGroup: one member up to version 2, several since. */
export const leaveGroup: Handler = (broker, { version, reader, writer }) => {
  const groupId = reader.string();
  const leaving: LeavingMember[] =
    version >= 3
      ? reader.array(() => ({ memberId: reader.string(), groupInstanceId: reader.nullableString() }))
      : [{ memberId: reader.string(), groupInstanceId: null }];
  const { errorCode, members } = broker.groups.leave(groupId, leaving);
  if (version < 3) return writer.int16(errorCode || (members[0]?.errorCode ?? kafkaErrors.NONE));
  return writer.int16(errorCode).array(members, (member) => {
    writer.string(member.memberId).nullableString(member.groupInstanceId).int16(member.errorCode);
  });
};

/** Group, generation, member: how SyncGroup, Heartbeat and OffsetCommit begin. */
export function readMember(
  reader: Reader,
  withInstanceId: boolean,
): { groupId: string; generationId: number; memberId: string; groupInstanceId: string | null } {
  return {
    groupId: reader.string(),
    generationId: reader.int32(),
    memberId: reader.string(),
    groupInstanceId: withInstanceId ? reader.nullableString() : null,
  };
}

/** The coordinator keeps them: a view would keep the whole received chunk alive. */
function copyBytes(reader: Reader): Buffer {
  const bytes = reader.bytes();
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
