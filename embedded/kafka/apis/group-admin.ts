import type { Handler } from "../broker.js";
import { kafkaErrors } from "../errors.js";
import { groupOperations, notAsked } from "./operations.js";

/** DescribeGroups. */
export const describeGroups: Handler = (broker, { version, reader, writer }) => {
  const groupIds = reader.array(() => reader.string());
  const withOperations = version >= 3 && reader.boolean();
  return writer.array(groupIds, (groupId) => {
    const group = broker.groups.describe(groupId);
    writer.int16(kafkaErrors.NONE).string(groupId).string(group.state);
    writer.string(group.protocolType).string(group.protocolName);
    writer.array(group.members, (member) => {
      writer.string(member.memberId);
      if (version >= 4) writer.nullableString(member.groupInstanceId);
      writer
        .string(member.clientId)
        .string(member.clientHost)
        .bytes(member.metadata)
        .bytes(member.assignment);
    });
    if (version >= 3) writer.int32(withOperations ? groupOperations : notAsked);
  });
};

/** ListGroups. */
export const listGroups: Handler = (broker, { writer }) => {
  return writer
    .int16(kafkaErrors.NONE)
    .array(broker.groups.list(), ({ groupId, protocolType }) => writer.string(groupId).string(protocolType));
};

/** DeleteGroups. */
export const deleteGroups: Handler = async (broker, { reader, writer }) => {
  const groupIds = reader.array(() => reader.string());
  const results: { groupId: string; errorCode: number }[] = [];
  for (const groupId of groupIds) {
    results.push({ groupId, errorCode: await broker.groups.deleteGroup(groupId) });
  }
  return writer.array(results, ({ groupId, errorCode }) => writer.string(groupId).int16(errorCode));
};
