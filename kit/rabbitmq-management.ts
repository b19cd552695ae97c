/** Where a broker answers questions about itself. */
export type ManagementAddress =
  | {
      /** The management plugin's port, and a login with the tag "management" (the firehose: "administrator"). */
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly password: string;
    }
  | {
      /** The control socket of the embedded runtime, and which of its services is asked. */
      readonly socketPath: string;
      readonly service: string;
    };
