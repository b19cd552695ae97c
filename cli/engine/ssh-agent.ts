import { Agent } from "node:http";
import { Duplex } from "node:stream";
import { execa } from "execa";

/**
 * Connections through the user's own ssh, as the docker CLI makes them: `ssh HOST docker system dial-stdio`.
 * So ~/.ssh/config, known_hosts and the key agent hold, which an ssh library would each have to copy.
 */
export function sshAgent(url: URL): Agent {
  const agent = new Agent({ keepAlive: true });
  // The types know only sockets; Node's http takes any duplex stream.
  Object.assign(agent, { createConnection: () => new SshConnection(url) });
  return agent;
}

function sshArguments(url: URL): string[] {
  return [
    ...["-o", "ConnectTimeout=30", "-T"],
    ...(url.username ? ["-l", decodeURIComponent(url.username)] : []),
    ...(url.port ? ["-p", url.port] : []),
    ...["--", url.hostname.replace(/^\[|\]$/g, ""), "docker"],
    ...(url.pathname.length > 1 ? ["--host", `unix://${url.pathname}`] : []),
    ...["system", "dial-stdio"],
  ];
}

/** The standard streams of one ssh process as a connection; an ssh that fails is its error, in ssh's own words. */
class SshConnection extends Duplex {
  readonly #child;

  constructor(url: URL) {
    super();
    this.#child = execa("ssh", sshArguments(url), { buffer: false, reject: false, stdin: "pipe" });
    const { stdin, stdout, stderr } = this.#child;
    stdout.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) stdout.pause();
    });
    // A broken pipe is only the shadow of the exit, which brings the reason.
    stdin.on("error", () => {});
    let words = "";
    stderr.on("data", (chunk: Buffer) => {
      words = `${words}${chunk}`.slice(-500);
    });
    this.#child.then((result) => {
      if (result.exitCode === 0) this.push(null);
      else this.destroy(connectionFailure(words.trim() || "ssh ended without a word"));
    });
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#child.stdin.write(chunk, () => done());
  }

  override _final(done: () => void): void {
    this.#child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#child.kill();
    done(error);
  }

  // What Node's http expects of a socket and ssh has no use for.
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

function connectionFailure(message: string): Error {
  return Object.assign(new Error(message), { code: "ECONNREFUSED" });
}
