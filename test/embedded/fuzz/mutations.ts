import fc from "fast-check";

type Mutate = (bytes: Buffer) => Buffer;

/** What lengths, counts and ids are when somebody means harm. */
const extremes = [-1, -2, 0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, -0x80000000, 0x06400001];

const at = fc.nat(10_000);
const place = (bytes: Buffer, position: number): number => position % (bytes.length + 1);

const flip = fc.tuple(at, fc.nat(7)).map(([position, bit]): Mutate => {
  return (bytes) => {
    const changed = Buffer.from(bytes);
    const index = place(bytes, position);
    if (index < bytes.length) changed[index] = (changed[index] ?? 0) ^ (1 << bit);
    return changed;
  };
});
const cut = at.map(
  (position): Mutate =>
    (bytes) =>
      bytes.subarray(0, place(bytes, position)),
);
const blowUp = fc.tuple(at, fc.constantFrom(...extremes), fc.constantFrom(1, 2, 4)).map(
  ([position, value, sizeBytes]): Mutate =>
    (bytes) => {
      const changed = Buffer.from(bytes);
      const index = place(bytes, position);
      for (let byte = 0; byte < sizeBytes && index + byte < bytes.length; byte += 1) {
        changed[index + byte] = (value >> (8 * (sizeBytes - 1 - byte))) & 0xff;
      }
      return changed;
    },
);
const insert = fc.tuple(at, fc.uint8Array({ maxLength: 40 })).map(([position, more]): Mutate => {
  return (bytes) => {
    const index = place(bytes, position);
    return Buffer.concat([bytes.subarray(0, index), more, bytes.subarray(index)]);
  };
});
const repeat = fc.tuple(at, fc.nat(100)).map(([position, length]): Mutate => {
  return (bytes) => {
    const index = place(bytes, position);
    const piece = bytes.subarray(index, index + length);
    return Buffer.concat([bytes.subarray(0, index), piece, piece, bytes.subarray(index)]);
  };
});

/** The bytes with nothing, or up to three things, wrong with them. */
export function mutated(bytes: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  const mutations = fc.array(fc.oneof(flip, cut, blowUp, blowUp, insert, repeat), { maxLength: 3 });
  return fc
    .tuple(bytes, mutations)
    .map(([start, changes]) => changes.reduce((changed, mutate) => mutate(changed), start));
}

export const randomBytes = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
