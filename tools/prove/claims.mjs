import { bareDebian } from "./claims/bare-debian.mjs";
import { composeAgrees } from "./claims/compose-agrees.mjs";
import { killedRuntime, killedServices } from "./claims/killed-services.mjs";
import { noTraceDocker, noTraceEmbedded } from "./claims/no-trace.mjs";
import { pythonDocker, pythonEmbedded } from "./claims/python-service.mjs";
import { sabotagedStacks } from "./claims/sabotaged-stacks.mjs";
import { thirdPartyClients } from "./claims/third-party-clients.mjs";

/** Every claim, in the order of the page. */
export const claims = [
  bareDebian,
  killedServices,
  killedRuntime,
  sabotagedStacks,
  composeAgrees,
  noTraceDocker,
  noTraceEmbedded,
  pythonDocker,
  pythonEmbedded,
  thirdPartyClients,
];
