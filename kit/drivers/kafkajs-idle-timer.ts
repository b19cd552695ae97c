import RequestQueue from "kafkajs/src/network/requestQueue/index.js";

const { prototype } = RequestQueue;
const schedule = prototype.scheduleCheckPendingRequests;

// kafkajs 2.2.4 re-arms this timer with a negative delay, which fires every millisecond on an idle connection (7 % of
// a core) and makes Node 24 warn (tulios/kafkajs#1751). With nothing pending and no throttle there is nothing to check.
prototype.scheduleCheckPendingRequests = function () {
  if (this.pending.length === 0 && this.throttledUntil <= Date.now()) return;
  schedule.call(this);
};
