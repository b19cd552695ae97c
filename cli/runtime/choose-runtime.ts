import { MybrokerError } from "../errors/mybroker-error.js";
import type { Runtime } from "./runtime.js";

export interface RuntimeFacts {
  /** --runtime or MYBROKER_RUNTIME. */
  readonly asked: Runtime | undefined;
  /** What an earlier `up` chose. */
  readonly recorded: Runtime | undefined;
  /** This project's data is in Docker volumes, as far as anybody can tell. */
  readonly dockerData: boolean;
  /** At least one of its services has an embedded form. */
  readonly embeddable: boolean;
  /** Why no engine can be used, or why it cannot get the images; undefined where Docker can do it. */
  readonly dockerFailure: MybrokerError | undefined;
}

export type RuntimeChoice =
  | { readonly runtime: "docker" }
  /** `because`: what to tell a first run that would rather have had Docker. */
  | { readonly runtime: "embedded"; readonly because?: MybrokerError }
  | { readonly runtime: "none"; readonly refusal: MybrokerError };

/**
 * Which runtime `up` takes (docs/commands.md, "Docker or embedded"): what is asked for, then what was chosen before,
 * then Docker where it can. A first run never fails because of Docker; a project whose data Docker has never opens an
 * empty embedded world by itself.
 */
export function chooseRuntime(facts: RuntimeFacts): RuntimeChoice {
  const { asked, recorded, dockerData, embeddable, dockerFailure } = facts;
  const wanted = asked ?? recorded;
  if (wanted === "embedded") return { runtime: "embedded" };
  if (dockerFailure === undefined) return { runtime: "docker" };
  if (asked === "docker" || !embeddable) return { runtime: "none", refusal: dockerFailure };
  if (recorded === "docker" || dockerData) {
    return { runtime: "none", refusal: withWaysOut(dockerFailure) };
  }
  return { runtime: "embedded", because: dockerFailure };
}

/** The failure with what else can be done than to mend it. */
function withWaysOut(failure: MybrokerError): MybrokerError {
  return new MybrokerError({
    code: failure.code,
    message: failure.message,
    lines: [
      ...failure.lines,
      "This project was started on Docker, so it is not started empty elsewhere.",
      "Or      begin anew without Docker:  {mybroker} up --runtime embedded",
    ],
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    exitCode: failure.exitCode,
    details: failure.details,
    cause: failure,
  });
}
