const prefix = "mybroker_doctor_";
/** So long somebody's may still be in use. */
const keepMs = 60_000;

/** Of a table, a database, a key or a topic that exists for the length of a check; no other run has the same. */
export function makeScratchName(nowMs = Date.now()): string {
  const salt = Math.floor(Math.random() * 36 ** 4).toString(36);
  return `${prefix}${nowMs.toString(36)}_${salt}`;
}

/** Whether it was left by a run that was killed. */
export function isLeftOver(name: string, nowMs = Date.now()): boolean {
  const match = /^mybroker_doctor_([0-9a-z]{6,12})_[0-9a-z]+$/.exec(name);
  return match !== null && nowMs - Number.parseInt(match[1] ?? "", 36) > keepMs;
}
