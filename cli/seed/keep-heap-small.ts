import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Rows live for a moment. V8 would give them 48 MB to be young in, and would not look at what became old before there
 * are some hundred MB of it: from here on the first stays as large as it is, and the second grows by a third at most.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=30");
  // It is the first whole collection after which V8 holds itself to that.
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}
