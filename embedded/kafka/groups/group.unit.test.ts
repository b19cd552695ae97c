import { beforeEach, describe, expect, it } from "vitest";
import { kafkaErrors } from "../errors.js";
import { FakeClock } from "../testing/fake-clock.js";
import { Group } from "./group.js";
import type { JoinRequest, JoinResult, SyncResult } from "./group-types.js";

const none = Buffer.alloc(0);
let clock: FakeClock;
let group: Group;
let emptied: number;

beforeEach(() => {
  clock = new FakeClock();
  emptied = 0;
  group = new Group(clock, () => {
    if (group.isUnused) emptied += 1;
  });
});

function joining(changes: Partial<JoinRequest> = {}): Promise<JoinResult> {
  return group.join({
    groupId: "g",
    memberId: "",
    groupInstanceId: null,
    clientId: "client",
    clientHost: "/127.0.0.1",
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    protocolType: "consumer",
    protocols: [{ name: "range", metadata: Buffer.from("m") }],
    requireKnownMemberId: false,
    ...changes,
  });
}

const named = ({ memberId, generationId }: JoinResult, groupInstanceId: string | null = null) => ({
  groupId: "g",
  memberId,
  generationId,
  groupInstanceId,
});

function syncing(joined: JoinResult, assignments: Record<string, string> = {}): Promise<SyncResult> {
  return group.sync({
    ...named(joined),
    assignments: Object.entries(assignments).map(([memberId, assignment]) => ({
      memberId,
      assignment: Buffer.from(assignment),
    })),
  });
}

/** A settled group of two: the leader and a follower. */
async function settle(): Promise<[JoinResult, JoinResult]> {
  const first = await joining();
  await syncing(first, { [first.memberId]: "all" });
  const pending = joining();
  const leader = await joining({ memberId: first.memberId });
  const follower = await pending;
  const followerSync = syncing(follower);
  await syncing(leader, { [leader.memberId]: "left", [follower.memberId]: "right" });
  expect((await followerSync).assignment.toString()).toBe("right");
  expect(group.state).toBe("Stable");
  return [leader, follower];
}

/** Whether a promise is settled, without waiting for it. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol("open");
  await new Promise(setImmediate);
  return (await Promise.race([promise, Promise.resolve(open)])) !== open;
}

describe("joining", () => {
  it("lets the first member lead a generation of its own at once", async () => {
    const joined = await joining();
    expect(joined).toMatchObject({ errorCode: 0, generationId: 1, protocolName: "range" });
    expect(joined.leader).toBe(joined.memberId);
    expect(joined.members).toEqual([
      { memberId: joined.memberId, groupInstanceId: null, metadata: Buffer.from("m") },
    ]);
    expect(group.state).toBe("CompletingRebalance");
  });

  it("waits for the members that are there, and tells only the leader who they are", async () => {
    const first = await joining();
    await syncing(first, {});
    const second = joining();
    expect(await isSettled(second)).toBe(false);
    expect(group.heartbeat(named(first))).toBe(kafkaErrors.REBALANCE_IN_PROGRESS);
    const leader = await joining({ memberId: first.memberId });
    expect(leader.generationId).toBe(2);
    expect(leader.members).toHaveLength(2);
    expect(await second).toMatchObject({ generationId: 2, leader: first.memberId, members: [] });
  });

  it("drops those that do not come back within the rebalance timeout", async () => {
    const [leader] = await settle();
    const third = joining({ sessionTimeoutMs: 70_000 });
    for (let second = 0; second < 60; second += 5) {
      expect(group.heartbeat(named(leader))).toBe(kafkaErrors.REBALANCE_IN_PROGRESS);
      clock.pass(5_000);
    }
    expect(await third).toMatchObject({ errorCode: 0, generationId: 3 });
    expect((await third).members).toHaveLength(1);
    expect(group.heartbeat(named(leader))).toBe(kafkaErrors.UNKNOWN_MEMBER_ID);
  });

  it("first promises an id where the client knows of that, and only to be used once", async () => {
    const promised = await joining({ requireKnownMemberId: true });
    expect(promised).toMatchObject({ errorCode: kafkaErrors.MEMBER_ID_REQUIRED, generationId: -1 });
    expect(group.isUnused).toBe(false);
    expect(await joining({ memberId: promised.memberId, requireKnownMemberId: true })).toMatchObject({
      errorCode: 0,
      memberId: promised.memberId,
    });
    const late = await joining({ requireKnownMemberId: true });
    clock.pass(10_000);
    expect(await joining({ memberId: late.memberId })).toMatchObject({
      errorCode: kafkaErrors.UNKNOWN_MEMBER_ID,
    });
  });

  it("waits for one who was promised an id while members gather, until its time is over", async () => {
    const [leader, follower] = await settle();
    const first = joining({ memberId: leader.memberId });
    const promised = await joining({ requireKnownMemberId: true });
    const second = joining({ memberId: follower.memberId });
    expect(await isSettled(first)).toBe(false);
    const third = joining({ memberId: promised.memberId });
    const [joined] = await Promise.all([first, second, third]);
    expect(joined.members).toHaveLength(3);
  });

  it("refuses unknown ids and what it has no protocol in common with", async () => {
    expect((await joining({ memberId: "nobody" })).errorCode).toBe(kafkaErrors.UNKNOWN_MEMBER_ID);
    expect((await joining({ protocols: [] })).errorCode).toBe(kafkaErrors.INCONSISTENT_GROUP_PROTOCOL);
    expect((await joining({ protocolType: "" })).errorCode).toBe(kafkaErrors.INCONSISTENT_GROUP_PROTOCOL);
    await joining();
    const other = { protocols: [{ name: "sticky", metadata: none }] };
    expect((await joining(other)).errorCode).toBe(kafkaErrors.INCONSISTENT_GROUP_PROTOCOL);
    expect((await joining({ protocolType: "connect" })).errorCode).toBe(
      kafkaErrors.INCONSISTENT_GROUP_PROTOCOL,
    );
  });

  it("takes the protocol that most prefer among those that all have", async () => {
    const list = (...names: string[]) => ({ protocols: names.map((name) => ({ name, metadata: none })) });
    const first = await joining(list("a", "b", "c"));
    await syncing(first, {});
    const others = [joining(list("c", "b")), joining(list("b", "c"))];
    const leader = await joining({ memberId: first.memberId, ...list("a", "b", "c") });
    await Promise.all(others);
    expect(leader.protocolName).toBe("b");
  });

  it("answers a repeated join with the same generation, and a leader's with a new one", async () => {
    const [leader, follower] = await settle();
    expect((await joining({ memberId: follower.memberId })).generationId).toBe(2);
    const again = joining({ memberId: leader.memberId });
    expect(group.state).toBe("PreparingRebalance");
    await joining({ memberId: follower.memberId });
    expect((await again).generationId).toBe(3);
  });

  it("has at most 500 members", async () => {
    const joins = Array.from({ length: 501 }, () => joining({ requireKnownMemberId: true }));
    const codes = (await Promise.all(joins)).map(({ errorCode }) => errorCode);
    expect(codes.filter((code) => code === kafkaErrors.MEMBER_ID_REQUIRED)).toHaveLength(500);
    expect(codes.at(-1)).toBe(kafkaErrors.GROUP_MAX_SIZE_REACHED);
  });
});

describe("syncing", () => {
  it("hands out what the leader assigned, again to whoever asks again", async () => {
    const [, follower] = await settle();
    expect((await syncing(follower)).assignment.toString()).toBe("right");
  });

  it("refuses other generations and strangers, and sends who waits back to join", async () => {
    const [leader, follower] = await settle();
    expect(await syncing({ ...follower, generationId: 1 })).toMatchObject({
      errorCode: kafkaErrors.ILLEGAL_GENERATION,
    });
    expect(await syncing({ ...follower, memberId: "x" })).toMatchObject({
      errorCode: kafkaErrors.UNKNOWN_MEMBER_ID,
    });
    const third = joining();
    expect((await syncing(leader)).errorCode).toBe(kafkaErrors.REBALANCE_IN_PROGRESS);
    const joins = [joining({ memberId: leader.memberId }), joining({ memberId: follower.memberId })];
    await Promise.all([...joins, third]);
    const waiting = syncing({ ...follower, generationId: 3 });
    void joining();
    expect((await waiting).errorCode).toBe(kafkaErrors.REBALANCE_IN_PROGRESS);
  });

  it("begins anew without those that never ask for their assignment", async () => {
    const [leader, follower] = await settle();
    const again = joining({ memberId: leader.memberId });
    await joining({ memberId: follower.memberId });
    const generationId = (await again).generationId;
    const waiting = syncing({ ...follower, generationId });
    for (let second = 0; second < 60; second += 5) {
      group.heartbeat({ ...named(leader), generationId });
      clock.pass(5_000);
    }
    expect((await waiting).errorCode).toBe(kafkaErrors.REBALANCE_IN_PROGRESS);
    expect(group.heartbeat({ ...named(leader), generationId })).toBe(kafkaErrors.UNKNOWN_MEMBER_ID);
    expect(await joining({ memberId: follower.memberId })).toMatchObject({ leader: follower.memberId });
  });
});

describe("staying and leaving", () => {
  it("ends a session without heartbeats and rebalances the others", async () => {
    const [leader, follower] = await settle();
    clock.pass(9_000);
    expect(group.heartbeat(named(leader))).toBe(0);
    clock.pass(9_000);
    expect(group.heartbeat(named(follower))).toBe(kafkaErrors.UNKNOWN_MEMBER_ID);
    expect(group.heartbeat(named(leader))).toBe(kafkaErrors.REBALANCE_IN_PROGRESS);
    expect((await joining({ memberId: leader.memberId })).members).toHaveLength(1);
  });

  it("checks heartbeats' generation", async () => {
    const [leader] = await settle();
    expect(group.heartbeat({ ...named(leader), generationId: 1 })).toBe(kafkaErrors.ILLEGAL_GENERATION);
  });

  it("is empty when the last has left, and says so once", async () => {
    const [leader, follower] = await settle();
    expect(group.leave({ memberId: follower.memberId, groupInstanceId: null })).toBe(0);
    expect(group.leave({ memberId: follower.memberId, groupInstanceId: null })).toBe(
      kafkaErrors.UNKNOWN_MEMBER_ID,
    );
    expect(emptied).toBe(0);
    expect(group.leave({ memberId: leader.memberId, groupInstanceId: null })).toBe(0);
    expect([group.state, emptied, clock.timerCount]).toEqual(["Empty", 1, 0]);
    expect((await joining()).generationId).toBe(4);
  });

  it("answers a waiting member that is told to leave", async () => {
    const [leader] = await settle();
    const third = joining({ groupInstanceId: "three" });
    expect(group.leave({ memberId: "", groupInstanceId: "three" })).toBe(0);
    expect((await third).errorCode).toBe(kafkaErrors.UNKNOWN_MEMBER_ID);
    expect(group.heartbeat(named(leader))).toBe(kafkaErrors.REBALANCE_IN_PROGRESS);
  });
});

describe("static members", () => {
  it("keep their assignment over a restart, without a rebalance, and fence off their former self", async () => {
    const first = await joining({ groupInstanceId: "one", requireKnownMemberId: true });
    expect(first.errorCode).toBe(0);
    await group.sync({
      ...named(first, "one"),
      assignments: [{ memberId: first.memberId, assignment: Buffer.from("all") }],
    });
    const second = await joining({ groupInstanceId: "one" });
    expect(second).toMatchObject({ errorCode: 0, generationId: 1, members: [], leader: first.memberId });
    expect(second.memberId).not.toBe(first.memberId);
    expect((await group.sync({ ...named(second, "one"), assignments: [] })).assignment.toString()).toBe(
      "all",
    );
    expect(group.heartbeat(named(first, "one"))).toBe(kafkaErrors.FENCED_INSTANCE_ID);
    expect(group.leave({ memberId: first.memberId, groupInstanceId: "one" })).toBe(
      kafkaErrors.FENCED_INSTANCE_ID,
    );
    expect((await joining({ memberId: first.memberId, groupInstanceId: "one" })).errorCode).toBe(
      kafkaErrors.FENCED_INSTANCE_ID,
    );
    expect(group.heartbeat(named(second, "two"))).toBe(kafkaErrors.UNKNOWN_MEMBER_ID);
  });

  it("keep their place in a rebalance that they miss, until their session ends", async () => {
    const fixed = await joining({ groupInstanceId: "one", sessionTimeoutMs: 100_000 });
    await group.sync({ ...named(fixed, "one"), assignments: [] });
    const second = joining({ sessionTimeoutMs: 100_000 });
    clock.pass(60_000);
    expect((await second).members.map(({ groupInstanceId }) => groupInstanceId)).toEqual(["one", null]);
    void syncing(await second, {});
    clock.pass(40_000);
    expect(group.describe().members).toHaveLength(1);
  });
});

it("a closed group answers all who wait and leaves no timer", async () => {
  await settle();
  const waiting = joining();
  group.close();
  expect((await waiting).errorCode).toBe(kafkaErrors.COORDINATOR_NOT_AVAILABLE);
  expect(clock.timerCount).toBe(0);
});
