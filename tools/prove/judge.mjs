/** Thrown by a claim that has not been put to the test: what it needs is not here. Its message says why. */
export class CannotRun extends Error {}

/**
 * @typedef {object} Claim
 * @property {string} id what is typed behind `npm run prove --`
 * @property {string} text what is claimed, in a sentence
 * @property {boolean} [needsEngine] a Docker Engine has to answer
 * @property {number} [limitMinutes] longer than that is a failure; 15 where it says nothing
 * @property {(context: object) => Promise<{ passed: boolean, figure: string, evidence?: string[] }>} run
 *
 * @typedef {"pass" | "fail" | "not run"} Verdict
 * @typedef {{ id: string, text: string, verdict: Verdict, figure: string, evidence: string[], seconds: number }} Result
 */

/**
 * Runs a claim. Whatever it throws is a failure with that message, other than CannotRun; what did not run has not
 * passed, and neither has what gives no figure.
 * @param {Claim} claim
 * @param {{ engine: { missing?: string }, signal: AbortSignal }} context handed on to the claim
 * @returns {Promise<Result>}
 */
export async function judge(claim, context) {
  const startedMs = performance.now();
  const told = await put(claim, context);
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  return { id: claim.id, text: claim.text, evidence: [], ...told, seconds };
}

async function put({ needsEngine = false, limitMinutes = 15, run }, context) {
  const { missing } = context.engine;
  if (needsEngine && missing !== undefined) return { verdict: "not run", figure: missing };
  const limit = AbortSignal.timeout(limitMinutes * 60_000);
  try {
    const signal = AbortSignal.any([context.signal, limit]);
    const { passed, figure, evidence = [] } = await run({ ...context, signal });
    if (!figure) throw new Error("it gave no figure");
    return { verdict: passed === true ? "pass" : "fail", figure, evidence };
  } catch (error) {
    if (context.signal.aborted) return { verdict: "not run", figure: "interrupted" };
    if (limit.aborted) return { verdict: "fail", figure: `not done after ${limitMinutes} min` };
    const [figure = "", ...evidence] = String(error?.message ?? error)
      .split("\n")
      .filter((line) => line.trim() !== "");
    return { verdict: error instanceof CannotRun ? "not run" : "fail", figure, evidence };
  }
}

/** 0 only where nothing failed and something passed. */
export function exitCodeOf(results) {
  const verdicts = results.map(({ verdict }) => verdict);
  return verdicts.includes("fail") || !verdicts.includes("pass") ? 1 : 0;
}
