import { describe, expect, it } from "vitest";
import { createMember } from "./group-member.js";
import { describeGroups, joinGroup, joinGroupStatic } from "./wire/apis.js";
import { errorCodes } from "./wire/error-codes.js";
import { type World, waitUntil } from "./world.js";

/** What Apache Kafka takes as the shortest session by default. */
const shortestSessionMs = 6000;

export function describeGroupProtocol(world: World): void {
  describe("the group protocol", () => {
    it("lets one member in, who leads and shares out", async () => {
      const member = await createMember(world, { group: world.name("group") });
      expect(await member.join()).toMatchObject({
        errorCode: errorCodes.none,
        generation: 1,
        protocol: "range",
      });
      expect(member.id).toMatch(/^contract-/);
      expect(await member.sync({ [member.id]: "all of it" })).toEqual({
        errorCode: 0,
        assignment: "all of it",
      });
      expect(await member.heartbeat()).toBe(errorCodes.none);
      expect(await member.leave()).toBe(errorCodes.none);
    });

    it("starts over when a second member joins, and gives each what the leader says", async () => {
      const group = world.name("group");
      const first = await createMember(world, { group });
      const second = await createMember(world, { group });
      await first.enter();
      const joining = second.join();
      await waitUntil(async () => (await first.heartbeat()) === errorCodes.rebalanceInProgress);
      const again = await first.join();
      const other = await joining;
      expect(again).toMatchObject({ errorCode: errorCodes.none, generation: 2, leader: first.id });
      expect(again.members.map(({ member }) => member).sort()).toEqual([first.id, second.id].sort());
      expect(other).toMatchObject({
        errorCode: errorCodes.none,
        generation: 2,
        leader: first.id,
        members: [],
      });
      const waiting = second.sync();
      await first.sync({ [first.id]: "one", [second.id]: "two" });
      expect(await waiting).toEqual({ errorCode: errorCodes.none, assignment: "two" });
      expect((await first.sync()).assignment).toBe("one");
    });

    it("starts over when a member leaves", async () => {
      const { first, second } = await enterTwo();
      expect(await second.leave()).toBe(errorCodes.none);
      await waitUntil(async () => (await first.heartbeat()) === errorCodes.rebalanceInProgress);
      expect(await first.join()).toMatchObject({ generation: 3, members: [{ member: first.id }] });
      expect(await second.heartbeat()).toBe(errorCodes.unknownMemberId);
    });

    it("ends the session of a member that is silent, and starts over", { timeout: 40_000 }, async () => {
      const { group, first, second } = await enterTwo(shortestSessionMs);
      second.connection.close();
      await waitUntil(async () => (await first.heartbeat()) === errorCodes.rebalanceInProgress);
      expect(await first.join()).toMatchObject({ generation: 3, members: [{ member: first.id }] });
      await first.sync({ [first.id]: "" });
      expect(await look(group)).toMatchObject({ state: "Stable", members: [{ member: first.id }] });
    });

    it("asks a newer client to join again with the id that it gives", async () => {
      const group = world.name("group");
      const request = {
        group,
        sessionTimeoutMs: 30_000,
        rebalanceTimeoutMs: 30_000,
        instance: null,
        protocolType: "consumer",
        protocols: [{ name: "range", metadata: Buffer.alloc(0) }],
      };
      const asked = await world.raw.ask(joinGroupStatic, { ...request, member: "" });
      expect(asked).toMatchObject({ errorCode: errorCodes.memberIdRequired, generation: -1 });
      expect(asked.member).toMatch(/^contract-/);
      const joined = await world.raw.ask(joinGroupStatic, { ...request, member: asked.member });
      expect(joined).toMatchObject({ errorCode: errorCodes.none, generation: 1, leader: asked.member });
    });

    it("refuses a member, a generation and a protocol that it does not know", async () => {
      const group = world.name("group");
      const topic = await world.topic();
      const member = await createMember(world, { group });
      await member.enter();
      member.generation += 1;
      expect(await member.heartbeat()).toBe(errorCodes.illegalGeneration);
      expect(await member.commit(topic, 1)).toBe(errorCodes.illegalGeneration);
      expect((await member.sync()).errorCode).toBe(errorCodes.illegalGeneration);
      const stranger = await createMember(world, { group });
      stranger.id = "nobody";
      expect(await stranger.heartbeat()).toBe(errorCodes.unknownMemberId);
      expect(await stranger.commit(topic, 1)).toBe(errorCodes.unknownMemberId);
      expect((await stranger.sync()).errorCode).toBe(errorCodes.unknownMemberId);
      expect((await stranger.join()).errorCode).toBe(errorCodes.unknownMemberId);
      expect(await stranger.leave()).toBe(errorCodes.unknownMemberId);
      const other = await createMember(world, { group, protocol: "sticky" });
      expect((await other.join()).errorCode).toBe(errorCodes.inconsistentGroupProtocol);
    });

    it("refuses sessions that are too short or too long, and a group without a name", async () => {
      for (const sessionTimeoutMs of [shortestSessionMs - 1, 1_800_001]) {
        const member = await createMember(world, { group: world.name("group"), sessionTimeoutMs });
        expect((await member.join()).errorCode).toBe(errorCodes.invalidSessionTimeout);
      }
      const nameless = await createMember(world, { group: "" });
      expect((await nameless.join()).errorCode).toBe(errorCodes.invalidGroupId);
    });

    it("refuses a member without protocols", async () => {
      const answer = await world.raw.ask(joinGroup, {
        group: world.name("group"),
        sessionTimeoutMs: 30_000,
        rebalanceTimeoutMs: 30_000,
        member: "",
        protocolType: "consumer",
        protocols: [],
      });
      expect(answer.errorCode).toBe(errorCodes.inconsistentGroupProtocol);
    });

    it("knows a static member again, who keeps its share, and fences the older one", async () => {
      const group = world.name("group");
      const older = await createMember(world, { group, instance: "instance-1" });
      await older.join();
      await older.sync({ [older.id]: "share" });
      const newer = await createMember(world, { group, instance: "instance-1" });
      const joined = await newer.join();
      expect(joined).toMatchObject({ errorCode: errorCodes.none, generation: older.generation });
      expect(newer.id).not.toBe(older.id);
      expect(await newer.sync()).toEqual({ errorCode: errorCodes.none, assignment: "share" });
      expect(await older.heartbeat()).toBe(errorCodes.fencedInstanceId);
      expect(await newer.heartbeat()).toBe(errorCodes.none);
      expect(await look(group)).toMatchObject({ members: [{ member: newer.id, instance: "instance-1" }] });
    });

    it("lets an operator remove a static member by its instance", async () => {
      const group = world.name("group");
      const member = await createMember(world, { group, instance: "instance-1" });
      await member.enter();
      member.id = "";
      expect(await member.leave()).toBe(errorCodes.none);
      await waitUntil(async () => (await look(group)).state === "Empty");
    });

    it("is described with its members, as empty, and as dead where there is none", async () => {
      const group = world.name("group");
      expect(await look(group)).toMatchObject({ errorCode: errorCodes.none, state: "Dead", members: [] });
      const member = await createMember(world, { group });
      await member.join();
      await member.sync({ [member.id]: "share" });
      const described = await look(group);
      expect(described).toMatchObject({
        errorCode: errorCodes.none,
        state: "Stable",
        protocolType: "consumer",
        protocol: "range",
        members: [{ member: member.id, clientId: "contract" }],
      });
      expect(described.members[0]?.assignment?.toString()).toBe("share");
      expect(described.members[0]?.host).toMatch(/^\/[\d.]+$/);
      await member.leave();
      await waitUntil(async () => (await look(group)).state === "Empty");
      expect(await look(group)).toMatchObject({ members: [], protocolType: "consumer" });
    });
  });

  async function look(group: string) {
    const { groups } = await world.raw.ask(describeGroups, { groups: [group], includeOperations: false });
    const [described] = groups;
    if (described === undefined) throw new Error("no group was described");
    return described;
  }

  /** A group of two in generation 2, the first of whom leads. */
  async function enterTwo(sessionTimeoutMs = 30_000) {
    const group = world.name("group");
    const first = await createMember(world, { group, sessionTimeoutMs });
    const second = await createMember(world, { group, sessionTimeoutMs });
    await first.enter();
    const joining = second.join();
    await waitUntil(async () => (await first.heartbeat()) === errorCodes.rebalanceInProgress);
    await first.join();
    await joining;
    const syncing = second.sync();
    await first.sync({ [first.id]: "", [second.id]: "" });
    await syncing;
    return { group, first, second };
  }
}
