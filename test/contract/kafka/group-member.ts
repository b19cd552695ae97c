import { heartbeat, joinGroup, joinGroupStatic, leaveGroup, offsetCommit, syncGroup } from "./wire/apis.js";
import type { RawConnection } from "./wire/connection.js";
import { encode } from "./wire/schema.js";
import type { World } from "./world.js";

export interface MemberSettings {
  readonly group: string;
  readonly topic?: string;
  readonly instance?: string;
  readonly sessionTimeoutMs?: number;
  readonly protocol?: string;
}

/** A member of a consumer group that does only what a test tells it to, on a connection of its own. */
export interface GroupMember {
  readonly connection: RawConnection;
  /** As the broker named it; "" before the first join. */
  id: string;
  generation: number;
  join(): Promise<JoinAnswer>;
  /** Shares out what it is told where it is the leader. */
  sync(assignments?: Readonly<Record<string, string>>): Promise<{ errorCode: number; assignment: string }>;
  /** Join and sync, alone in the group or as its leader, with nothing to share out. */
  enter(): Promise<void>;
  heartbeat(): Promise<number>;
  commit(topic: string, offset: number): Promise<number>;
  leave(): Promise<number>;
}

interface JoinAnswer {
  readonly errorCode: number;
  readonly generation: number;
  readonly protocol: string;
  readonly leader: string;
  readonly member: string;
  readonly members: readonly { member: string }[];
}

/** Subscription of the consumer protocol, version 0. */
const subscription = { version: "i16", topics: ["string"], userData: "bytes" } as const;

export async function createMember(world: World, settings: MemberSettings): Promise<GroupMember> {
  const connection = await world.connect();
  const { group, instance = null, topic = "any", protocol = "range" } = settings;
  const metadata = encode(subscription, { version: 0, topics: [topic], userData: null });
  const own = () => ({ group, generation: member.generation, member: member.id, instance });
  const member: GroupMember = {
    connection,
    id: "",
    generation: -1,
    join: async () => {
      const request = {
        group,
        sessionTimeoutMs: settings.sessionTimeoutMs ?? 30_000,
        rebalanceTimeoutMs: 30_000,
        member: member.id,
        protocolType: "consumer",
        protocols: [{ name: protocol, metadata }],
      };
      const answer =
        instance === null
          ? await connection.ask(joinGroup, request)
          : await connection.ask(joinGroupStatic, { ...request, instance });
      member.id = answer.member;
      member.generation = answer.generation;
      return answer;
    },
    sync: async (shares = {}) => {
      const assignments = Object.entries(shares).map(([id, text]) => ({
        member: id,
        assignment: Buffer.from(text),
      }));
      const { errorCode, assignment } = await connection.ask(syncGroup, { ...own(), assignments });
      return { errorCode, assignment: assignment?.toString() ?? "" };
    },
    enter: async () => {
      const joined = await member.join();
      const synced = await member.sync({ [member.id]: "" });
      if (joined.errorCode + synced.errorCode !== 0) {
        throw new Error(`the group refused it: ${joined.errorCode}, ${synced.errorCode}`);
      }
    },
    heartbeat: async () => (await connection.ask(heartbeat, own())).errorCode,
    commit: async (name, offset) => {
      const partitions = [{ index: 0, offset, leaderEpoch: -1, metadata: null }];
      const { topics } = await connection.ask(offsetCommit, { ...own(), topics: [{ name, partitions }] });
      return topics[0]?.partitions[0]?.errorCode ?? Number.NaN;
    },
    leave: async () => {
      const { errorCode, members } = await connection.ask(leaveGroup, {
        group,
        members: [{ member: member.id, instance }],
      });
      return errorCode || (members[0]?.errorCode ?? Number.NaN);
    },
  };
  return member;
}
