import type { ChannelModel } from "amqplib";

export interface RabbitmqSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Default "/". */
  readonly vhost?: string;
  /** For the whole opening handshake. */
  readonly timeoutMs: number;
  /** Shown in the management pages. */
  readonly connectionName: string;
  /** Aborted: the socket is destroyed, whatever it is doing. */
  readonly signal?: AbortSignal;
}

/**
 * amqplib, configured once for all who use it: no Nagle delay (it costs 40 ms a confirm), a heartbeat of 10 s
 * (0 would disable it since 2.0), a limit on the handshake (there is none by default). A lost connection is told by its
 * "close" event; the "error" event that comes before it has a listener here, since without one it ends the process.
 */
export async function connectRabbitmq(settings: RabbitmqSettings): Promise<ChannelModel> {
  const { connect } = await import("./drivers/amqplib.js");
  // amqplib copies its socket options to net.connect, which takes a signal.
  const socketOptions = {
    noDelay: true,
    timeout: settings.timeoutMs,
    clientProperties: { connection_name: settings.connectionName },
    ...(settings.signal === undefined ? {} : { signal: settings.signal }),
  };
  const connection = await connect(
    {
      hostname: settings.host,
      port: settings.port,
      username: settings.user,
      password: settings.password,
      vhost: settings.vhost ?? "/",
      heartbeat: 10,
    },
    socketOptions,
  );
  connection.on("error", () => {});
  return connection;
}
