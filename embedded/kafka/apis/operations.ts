/**
 * Sets of AclOperation codes, one bit each (KIP-430). There are no ACLs: whoever asks may do all that there is.
 */
export const topicOperations = bits(3, 4, 5, 6, 7, 8, 10, 11);
export const clusterOperations = bits(5, 7, 8, 9, 10, 11, 12);
export const groupOperations = bits(3, 6, 8);

/** Where the client did not ask. */
export const notAsked = -(2 ** 31);

function bits(...operations: readonly number[]): number {
  return operations.reduce((set, operation) => set | (1 << operation), 0);
}
