import { describe, expect, it } from "vitest";
import { apiVersions, findCoordinator, metadata } from "./wire/apis.js";
import { errorCodes } from "./wire/error-codes.js";
import { decode, encode, integer } from "./wire/schema.js";
import type { World } from "./world.js";

/** Client and version of the software, as ApiVersions 3 wants them: compact strings and no tagged fields. */
const softwareName = Buffer.from("\x09contract\x041.0\0", "latin1");

export function describeProtocol(world: World): void {
  describe("the protocol", () => {
    it.each([0, 1, 2])("ApiVersions %i names every API that the contract uses", async (version) => {
      const answer = await world.raw.askBytes(apiVersions.key, version, Buffer.alloc(0));
      const throttle = version > 0 ? 4 : 0;
      const { errorCode, apis } = decode(apiVersions.response, answer.subarray(0, answer.length - throttle));
      expect(errorCode).toBe(errorCodes.none);
      const keys = apis.map(({ key }) => key);
      const used = [
        0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 32, 33, 37, 42, 44, 47,
      ];
      expect(keys).toEqual(expect.arrayContaining(used));
      expect(keys.length).toBe(new Set(keys).size);
      for (const { min, max } of apis) expect(min).toBeLessThanOrEqual(max);
    });

    it("ApiVersions 3 is answered in the flexible encoding under a header of the old one", async () => {
      // The header of a flexible request ends with tagged fields, here none.
      const body = Buffer.concat([Buffer.from([0]), softwareName]);
      const answer = await world.raw.askBytes(apiVersions.key, 3, body);
      expect(answer.readInt16BE(0)).toBe(errorCodes.none);
      // A compact array's length is one more, each entry is three numbers and its own tagged fields.
      const count = (answer[2] ?? 0) - 1;
      expect(count).toBeGreaterThan(20);
      const keys = Array.from({ length: count }, (_, index) => answer.readInt16BE(3 + index * 7));
      expect(keys).toEqual(expect.arrayContaining([0, 1, 2, 3, 18]));
      expect(answer.readInt32BE(3 + count * 7)).toBe(0);
    });

    it("an ApiVersions that nobody knows is answered with error 35, version 0 and the range it has", async () => {
      const answer = await world.raw.askBytes(apiVersions.key, 99, Buffer.from([0]));
      const { errorCode, apis } = decode(apiVersions.response, answer);
      expect(errorCode).toBe(errorCodes.unsupportedVersion);
      expect(apis).toEqual([{ key: apiVersions.key, min: 0, max: expect.any(Number) }]);
    });

    it.each([
      ["a version that it does not have", 3, 99],
      ["an API that nobody has", 9999, 0],
    ])("%s closes the connection and no other", async (_, key, version) => {
      const other = await world.connect();
      const answer = other.askBytes(key, version, Buffer.from([0, 0, 0, 0]));
      await expect(answer).rejects.toThrow("closed the connection");
      await expectServes(world);
    });

    it.each([
      ["a length of 2 GB", integer("i32", 0x7fffffff)],
      ["a negative length", integer("i32", -2)],
      ["a request without a header", Buffer.concat([integer("i32", 2), Buffer.from([0, 3])])],
      ["text of another protocol", Buffer.from("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")],
      ["a body that ends early", frame(3, 5, integer("i32", 5))],
      ["a string that claims more than there is", frame(3, 5, Buffer.from([0, 0, 0, 1, 0x7f, 0xff, 1, 2]))],
      ["an array that claims 2 billion entries", frame(3, 5, integer("i32", 0x7fffffff))],
    ])("%s closes the connection and no other", async (_, bytes) => {
      const other = await world.connect();
      other.sendBytes(bytes);
      await other.closed;
      await expectServes(world);
    });

    it("answers requests on one connection in their order", async () => {
      const connection = await world.connect();
      const order: number[] = [];
      await Promise.all(
        [3, 18, 3, 18, 3].map(async (key, index) => {
          await (key === 3 ? connection.ask(metadata, everything) : connection.ask(apiVersions, {}));
          order.push(index);
        }),
      );
      expect(order).toEqual([0, 1, 2, 3, 4]);
    });

    it("names itself as the coordinator of every group", async () => {
      const { brokers } = await world.raw.ask(metadata, everything);
      const answer = await world.raw.ask(findCoordinator, { key: world.name("group"), type: 0 });
      expect(answer).toMatchObject({ errorCode: errorCodes.none, nodeId: brokers[0]?.nodeId });
      expect(answer).toMatchObject({ host: brokers[0]?.host, port: brokers[0]?.port });
    });

    it("refuses to look for a coordinator of another kind", async () => {
      const answer = await world.raw.ask(findCoordinator, { key: "any", type: 9 });
      expect(answer.errorCode).toBe(errorCodes.invalidRequest);
    });
  });

  async function expectServes(broker: World): Promise<void> {
    const { brokers } = await broker.raw.ask(metadata, everything);
    expect(brokers).toHaveLength(1);
  }
}

const everything = { topics: null, allowAutoTopicCreation: false };

function frame(key: number, version: number, body: Buffer): Buffer {
  const schema = { key: "i16", version: "i16", correlation: "i32", clientId: "nullableString" } as const;
  const header = encode(schema, { key, version, correlation: 1, clientId: null });
  return Buffer.concat([integer("i32", header.length + body.length), header, body]);
}
