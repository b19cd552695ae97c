/**
 * A reporter of vitest that ends its run in order on SIGUSR2: the test that runs fails at once, and what tests have
 * started they take down. On SIGINT and SIGTERM vitest leaves all of it where it is.
 */
export default class EndInOrder {
  onInit(vitest) {
    process.on("SIGUSR2", () => vitest.cancelCurrentRun("keyboard-input"));
  }
}
