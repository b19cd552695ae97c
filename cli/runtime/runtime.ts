/** Where a project runs. */
export type Runtime = "docker" | "embedded";
