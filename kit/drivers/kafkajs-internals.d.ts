declare module "kafkajs/src/network/requestQueue/index.js" {
  interface RequestQueue {
    /** Unix milliseconds; -1 while the broker has not asked for a pause. */
    throttledUntil: number;
    throttleCheckTimeoutId: NodeJS.Timeout | null;
    readonly pending: readonly unknown[];
    scheduleCheckPendingRequests(): void;
  }
  const requestQueue: { readonly prototype: RequestQueue };
  export default requestQueue;
}
