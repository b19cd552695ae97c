import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kafkaErrors } from "../errors.js";
import { FakeClock } from "../testing/fake-clock.js";
import { GroupCoordinator } from "./group-coordinator.js";
import type { JoinRequest } from "./group-types.js";

const dayMs = 24 * 60 * 60 * 1000;
let folder: string;
let clock: FakeClock;
let logged: string[];
const open: GroupCoordinator[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "group-coordinator-"));
  clock = new FakeClock();
  logged = [];
});
afterEach(async () => {
  for (const coordinator of open.splice(0)) await coordinator.close();
  rmSync(folder, { recursive: true, force: true });
});

async function openCoordinator(): Promise<GroupCoordinator> {
  const coordinator = await GroupCoordinator.open({
    folder,
    clock,
    log: (_level, text) => logged.push(text),
  });
  open.push(coordinator);
  return coordinator;
}

const offsetsFile = () => join(folder, "offsets");

/** What a consumer without a group's members commits, as an administrator's reset does. */
function commit(coordinator: GroupCoordinator, groupId: string, offset: number, partition = 0, topic = "t") {
  return coordinator.commitOffsets({
    groupId,
    generationId: -1,
    memberId: "",
    groupInstanceId: null,
    offsets: [{ topic, partition, offset, leaderEpoch: 0, metadata: "note" }],
  });
}

function offsetOf(coordinator: GroupCoordinator, groupId: string, partition = 0, topic = "t"): number {
  return coordinator.fetchOffsets(groupId, [{ topic, partition }])[0]?.offset ?? Number.NaN;
}

function joinRequest(changes: Partial<JoinRequest> = {}): JoinRequest {
  const metadata = Buffer.from([0, 1, 0, 0, 0, 1, 0, 1, "t".charCodeAt(0), 255, 255, 255, 255]);
  return {
    groupId: "g",
    memberId: "",
    groupInstanceId: null,
    clientId: "c",
    clientHost: "/127.0.0.1",
    sessionTimeoutMs: 30_000,
    rebalanceTimeoutMs: 60_000,
    protocolType: "consumer",
    protocols: [{ name: "range", metadata }],
    requireKnownMemberId: false,
    ...changes,
  };
}

async function joinAlone(coordinator: GroupCoordinator, changes: Partial<JoinRequest> = {}) {
  const { generationId, memberId } = await coordinator.join(joinRequest(changes));
  const member = { groupId: changes.groupId ?? "g", generationId, memberId, groupInstanceId: null };
  await coordinator.sync({ ...member, assignments: [{ memberId, assignment: Buffer.from("a") }] });
  return member;
}

describe("committed offsets", () => {
  it("go on in the old file when a new one cannot be made, and in a new one later", async () => {
    const coordinator = await openCoordinator();
    mkdirSync(`${offsetsFile()}.new`);
    const errors = new Set<number>();
    const commitMany = async () => {
      for (let offset = 0; offset < 3_000; offset += 1) {
        for (const { errorCode } of await commit(coordinator, "g", offset)) errors.add(errorCode);
      }
    };
    await commitMany();
    const largest = statSync(offsetsFile()).size;
    expect(largest).toBeGreaterThan(256 * 1024);
    rmSync(`${offsetsFile()}.new`, { recursive: true });
    await commitMany();
    expect(statSync(offsetsFile()).size).toBeLessThan(largest);
    expect([...errors]).toEqual([kafkaErrors.NONE]);
    expect(offsetOf(await openCoordinator(), "g")).toBe(2_999);
  });

  it("are there after a restart, the last of each partition", async () => {
    const coordinator = await openCoordinator();
    await Promise.all([
      commit(coordinator, "g", 1),
      commit(coordinator, "g", 5),
      commit(coordinator, "g", 7, 1),
    ]);
    for (const one of [coordinator, await openCoordinator()]) {
      expect(one.fetchOffsets("g", null)).toEqual([
        expect.objectContaining({ topic: "t", partition: 0, offset: 5, leaderEpoch: 0, metadata: "note" }),
        expect.objectContaining({ topic: "t", partition: 1, offset: 7 }),
      ]);
      expect(offsetOf(one, "g", 2)).toBe(-1);
      expect(offsetOf(one, "nobody")).toBe(-1);
    }
  });

  it("come from members of the generation only, while there are members", async () => {
    const coordinator = await openCoordinator();
    const member = await joinAlone(coordinator);
    const offsets = [{ topic: "t", partition: 0, offset: 3, leaderEpoch: -1, metadata: null }];
    const code = async (changes: object) =>
      (await coordinator.commitOffsets({ ...member, offsets, ...changes }))[0]?.errorCode;
    expect(await code({})).toBe(0);
    expect(await code({ generationId: 9 })).toBe(kafkaErrors.ILLEGAL_GENERATION);
    expect(await code({ memberId: "x" })).toBe(kafkaErrors.UNKNOWN_MEMBER_ID);
    expect(await code({ generationId: -1, memberId: "" })).toBe(kafkaErrors.UNKNOWN_MEMBER_ID);
    expect(await code({ groupId: "unknown" })).toBe(kafkaErrors.ILLEGAL_GENERATION);
    void coordinator.join(joinRequest());
    expect(await code({})).toBe(0);
    await coordinator.join(joinRequest({ memberId: member.memberId }));
    expect(await code({ generationId: 2 })).toBe(kafkaErrors.REBALANCE_IN_PROGRESS);
    expect(coordinator.fetchOffsets("g", null)[0]).toMatchObject({ offset: 3, metadata: "" });
  });

  it("have at most 4096 bytes of metadata each", async () => {
    const coordinator = await openCoordinator();
    const offset = { topic: "t", offset: 1, leaderEpoch: 0 };
    const results = await coordinator.commitOffsets({
      groupId: "g",
      generationId: -1,
      memberId: "",
      groupInstanceId: null,
      offsets: [
        { ...offset, partition: 0, metadata: "x".repeat(4097) },
        { ...offset, partition: 1, metadata: "x".repeat(4096) },
      ],
    });
    expect(results.map(({ errorCode }) => errorCode)).toEqual([kafkaErrors.OFFSET_METADATA_TOO_LARGE, 0]);
    expect(coordinator.fetchOffsets("g", null)).toHaveLength(1);
  });

  it("go with their topic", async () => {
    const coordinator = await openCoordinator();
    await commit(coordinator, "g", 1, 0, "gone");
    await commit(coordinator, "g", 1, 0, "kept");
    await commit(coordinator, "only", 1, 0, "gone");
    await coordinator.topicDeleted("gone");
    const again = await openCoordinator();
    expect(again.fetchOffsets("g", null).map(({ topic }) => topic)).toEqual(["kept"]);
    expect(again.list().map(({ groupId }) => groupId)).toEqual(["g"]);
  });

  it("go at the next start when a kill came between the end of their topic and theirs", async () => {
    await commit(await openCoordinator(), "g", 1, 0, "gone");
    const hasTopic = (topic: string) => topic !== "gone";
    const again = await GroupCoordinator.open({ folder, clock, log: () => {}, hasTopic });
    open.push(again);
    expect(again.fetchOffsets("g", null)).toEqual([]);
    expect(offsetOf(await openCoordinator(), "g", 0, "gone")).toBe(-1);
  });

  it("are kept 7 days after the last member or commit, however long the members were there", async () => {
    const coordinator = await openCoordinator();
    await commit(coordinator, "simple", 1);
    const member = await joinAlone(coordinator, { sessionTimeoutMs: 1_800_000 });
    await coordinator.commitOffsets({
      ...member,
      offsets: [{ topic: "t", partition: 0, offset: 3, leaderEpoch: 0, metadata: "" }],
    });
    for (let hour = 0; hour < 8 * 24; hour += 0.25) {
      clock.pass(dayMs / 96);
      expect(coordinator.heartbeat(member)).toBe(0);
    }
    await coordinator.applyRetention();
    expect([offsetOf(coordinator, "simple"), offsetOf(coordinator, "g")]).toEqual([-1, 3]);
    coordinator.leave("g", [member]);
    await coordinator.flush();
    const again = await openCoordinator();
    clock.pass(7 * dayMs);
    await again.applyRetention();
    expect(offsetOf(again, "g")).toBe(3);
    clock.pass(1);
    await again.applyRetention();
    expect([offsetOf(again, "g"), again.list()]).toEqual([-1, []]);
  });

  it("do not let their file grow without end", async () => {
    const coordinator = await openCoordinator();
    for (let offset = 0; offset < 5_000; offset += 1) await commit(coordinator, "g", offset);
    expect(statSync(offsetsFile()).size).toBeLessThan(256 * 1024);
    expect(offsetOf(coordinator, "g")).toBe(4_999);
    expect(offsetOf(await openCoordinator(), "g")).toBe(4_999);
  });

  it("lose only what stood behind the cut when the file is cut anywhere, and go on from there", async () => {
    const coordinator = await openCoordinator();
    const ends: number[] = [];
    for (let offset = 1; offset <= 8; offset += 1) {
      await commit(coordinator, "g", offset);
      ends.push(statSync(offsetsFile()).size);
    }
    await coordinator.close();
    const bytes = readFileSync(offsetsFile());
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length), async (cut) => {
        writeFileSync(offsetsFile(), bytes.subarray(0, cut));
        const again = await openCoordinator();
        const whole = ends.filter((end) => end <= cut).length;
        expect(offsetOf(again, "g")).toBe(whole === 0 ? -1 : whole);
        await commit(again, "g", 100);
        await again.close();
        const third = await openCoordinator();
        expect(offsetOf(third, "g")).toBe(100);
        await third.close();
      }),
      { numRuns: 60 },
    );
  });

  it("are refused when the file is damaged before its end", async () => {
    const coordinator = await openCoordinator();
    for (let offset = 1; offset <= 3; offset += 1) await commit(coordinator, "g", offset);
    await coordinator.close();
    const bytes = readFileSync(offsetsFile());
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    writeFileSync(offsetsFile(), bytes);
    await expect(openCoordinator()).rejects.toMatchObject({
      code: "DATA_DAMAGED",
      message: expect.stringContaining("offsets is damaged at byte 0"),
    });
  });
});

describe("groups", () => {
  it("are listed and described with and without members, and after a restart", async () => {
    const coordinator = await openCoordinator();
    await commit(coordinator, "simple", 1);
    const member = await joinAlone(coordinator);
    await coordinator.commitOffsets({
      ...member,
      offsets: [{ topic: "t", partition: 0, offset: 3, leaderEpoch: 0, metadata: "" }],
    });
    expect(coordinator.list()).toEqual([
      { groupId: "g", protocolType: "consumer", state: "Stable" },
      { groupId: "simple", protocolType: "", state: "Empty" },
    ]);
    expect(coordinator.describe("g")).toMatchObject({
      state: "Stable",
      protocolName: "range",
      members: [{ clientId: "c", clientHost: "/127.0.0.1", assignment: Buffer.from("a") }],
    });
    expect(coordinator.describe("unknown")).toMatchObject({ state: "Dead", members: [] });
    const again = await openCoordinator();
    expect(again.describe("g")).toMatchObject({ state: "Empty", protocolType: "consumer", members: [] });
    expect(again.list()).toHaveLength(2);
  });

  it("are deleted when nobody is in them", async () => {
    const coordinator = await openCoordinator();
    const member = await joinAlone(coordinator);
    expect(await coordinator.deleteGroup("g")).toBe(kafkaErrors.NON_EMPTY_GROUP);
    expect(await coordinator.deleteGroup("unknown")).toBe(kafkaErrors.GROUP_ID_NOT_FOUND);
    expect(coordinator.leave("g", [member, member]).members.map(({ errorCode }) => errorCode)).toEqual([
      0,
      kafkaErrors.UNKNOWN_MEMBER_ID,
    ]);
    await commit(coordinator, "g", 4);
    expect(await coordinator.deleteGroup("g")).toBe(0);
    expect(await coordinator.deleteGroup("g")).toBe(kafkaErrors.GROUP_ID_NOT_FOUND);
    expect(offsetOf(await openCoordinator(), "g")).toBe(-1);
  });

  it("keep the offsets of topics that they read", async () => {
    const coordinator = await openCoordinator();
    await commit(coordinator, "g", 1, 0, "t");
    await commit(coordinator, "g", 1, 0, "other");
    const partitions = ["t", "other"].map((topic) => ({ topic, partition: 0 }));
    expect((await coordinator.deleteOffsets("nobody", partitions)).errorCode).toBe(
      kafkaErrors.GROUP_ID_NOT_FOUND,
    );
    const member = await joinAlone(coordinator);
    expect((await coordinator.deleteOffsets("g", partitions)).partitions).toEqual([
      { topic: "t", partition: 0, errorCode: kafkaErrors.GROUP_SUBSCRIBED_TO_TOPIC },
      { topic: "other", partition: 0, errorCode: 0 },
    ]);
    coordinator.leave("g", [member]);
    expect(coordinator.fetchOffsets("g", null)).toHaveLength(1);
    expect((await coordinator.deleteOffsets("g", partitions)).errorCode).toBe(0);
    expect(coordinator.fetchOffsets("g", null)).toEqual([]);
  });

  it("refuse sessions out of bounds and requests once closed", async () => {
    const coordinator = await openCoordinator();
    const code = async (changes: Partial<JoinRequest>) =>
      (await coordinator.join(joinRequest(changes))).errorCode;
    expect(await code({ sessionTimeoutMs: 5_999 })).toBe(kafkaErrors.INVALID_SESSION_TIMEOUT);
    expect(await code({ sessionTimeoutMs: 1_800_001 })).toBe(kafkaErrors.INVALID_SESSION_TIMEOUT);
    expect(await code({ groupId: "" })).toBe(kafkaErrors.INVALID_GROUP_ID);
    expect(await code({ memberId: "x" })).toBe(kafkaErrors.UNKNOWN_MEMBER_ID);
    await coordinator.close();
    expect(await code({})).toBe(kafkaErrors.COORDINATOR_NOT_AVAILABLE);
    expect((await commit(coordinator, "g", 1))[0]?.errorCode).toBe(kafkaErrors.COORDINATOR_NOT_AVAILABLE);
  });
});
