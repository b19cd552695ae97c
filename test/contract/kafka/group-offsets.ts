import { describe, expect, it } from "vitest";
import { createMember } from "./group-member.js";
import { deleteGroups, offsetCommit, offsetDelete, offsetFetch } from "./wire/apis.js";
import { errorCodes } from "./wire/error-codes.js";
import type { World } from "./world.js";

/** A commit from outside of the group's protocol. */
const outside = { generation: -1, member: "", instance: null };

export function describeGroupOffsets(world: World): void {
  describe("offsets of groups", () => {
    it("are committed by a member and read by anyone", async () => {
      const { group, topic, member } = await enter();
      expect(await member.commit(topic, 7)).toBe(errorCodes.none);
      expect(await read(group, topic)).toMatchObject({ errorCode: errorCodes.none, offset: 7, metadata: "" });
    });

    it("are committed from outside as long as the group is empty, with metadata", async () => {
      const { group, topic, member } = await enter();
      expect(await commit(group, topic, { offset: 3 })).toBe(errorCodes.unknownMemberId);
      await member.leave();
      expect(await commit(group, topic, { offset: 3, metadata: "why" })).toBe(errorCodes.none);
      expect(await read(group, topic)).toMatchObject({ offset: 3, metadata: "why" });
    });

    it("that nobody committed are -1, of unknown topics too", async () => {
      const group = world.name("group");
      const topic = await world.topic();
      for (const name of [topic, world.name("unknown")]) {
        expect(await read(group, name)).toMatchObject({ errorCode: errorCodes.none, offset: -1 });
      }
    });

    it("are read all at once", async () => {
      const group = world.name("group");
      const topics = [await world.topic(), await world.topic()];
      for (const topic of topics) await commit(group, topic, { offset: 5 });
      const answer = await world.raw.ask(offsetFetch, { group, topics: null });
      expect(answer.errorCode).toBe(errorCodes.none);
      expect(answer.topics.map(({ name }) => name).sort()).toEqual(topics.sort());
    });

    it("of a topic that nobody made, or with a text beyond 4 KiB, are refused", async () => {
      const group = world.name("group");
      const topic = await world.topic();
      expect(await commit(group, world.name("unknown"), { offset: 1 })).toBe(
        errorCodes.unknownTopicOrPartition,
      );
      expect(await commit(group, topic, { offset: 1, metadata: "x".repeat(4097) })).toBe(
        errorCodes.offsetMetadataTooLarge,
      );
    });

    it("are deleted by topic, where nobody in the group reads it", async () => {
      const { group, topic, member } = await enter();
      const other = await world.topic();
      for (const name of [topic, other]) expect(await member.commit(name, 1)).toBe(errorCodes.none);
      expect(await drop(group, topic)).toBe(errorCodes.groupSubscribedToTopic);
      expect(await drop(group, other)).toBe(errorCodes.none);
      expect(await read(group, other)).toMatchObject({ offset: -1 });
      expect(await read(group, topic)).toMatchObject({ offset: 1 });
    });

    it("go with their group, which goes only when it is empty", async () => {
      const { group, topic, member } = await enter();
      await member.commit(topic, 7);
      expect(await remove(group)).toBe(errorCodes.nonEmptyGroup);
      await member.leave();
      expect(await remove(group)).toBe(errorCodes.none);
      expect(await remove(group)).toBe(errorCodes.groupIdNotFound);
      expect(await read(group, topic)).toMatchObject({ offset: -1 });
    });

    it("go with their topic", async () => {
      const group = world.name("group");
      const topic = await world.topic();
      await commit(group, topic, { offset: 5 });
      await world.admin.deleteTopics({ topics: [topic] });
      await expect.poll(async () => (await read(group, topic))?.offset).toBe(-1);
    });
  });

  async function enter() {
    const group = world.name("group");
    const topic = await world.topic();
    const member = await createMember(world, { group, topic });
    await member.enter();
    return { group, topic, member };
  }

  async function commit(
    group: string,
    name: string,
    { offset, metadata = null }: { offset: number; metadata?: string | null },
  ) {
    const partitions = [{ index: 0, offset, leaderEpoch: -1, metadata }];
    const request = { group, ...outside, topics: [{ name, partitions }] };
    return (await world.raw.ask(offsetCommit, request)).topics[0]?.partitions[0]?.errorCode;
  }

  async function read(group: string, name: string) {
    const { topics } = await world.raw.ask(offsetFetch, { group, topics: [{ name, partitions: [0] }] });
    return topics[0]?.partitions[0];
  }

  async function drop(group: string, name: string) {
    const answer = await world.raw.ask(offsetDelete, { group, topics: [{ name, partitions: [0] }] });
    return answer.errorCode || answer.topics[0]?.partitions[0]?.errorCode;
  }

  async function remove(group: string) {
    return (await world.raw.ask(deleteGroups, { groups: [group] })).groups[0]?.errorCode;
  }
}
