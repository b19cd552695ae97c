import { toExchange } from "../../contracts/topology.js";
import { describeEntry, type Line } from "./line.js";
import { foundAt, foundIn } from "./line-facts.js";
import { isRefused } from "./outcomes.js";

/** From the POST to the exchange and to everyone else. */
export function addPlacement(line: Line): void {
  const { facts, known } = line;
  const { order, entries, answer } = facts;
  const { row } = known;
  const isKnown =
    row !== undefined || known.sent("NEW") !== undefined || known.event("PENDING") !== undefined;
  line.add({
    step: "placed",
    what: `POST /api/v1/orders${answer === undefined ? "" : ` ${answer}`}`,
    fact: order,
    found: isKnown ? known.placed() : undefined,
  });
  line.add({
    step: "stored",
    what: "checked and stored",
    after: ["placed"],
    fact: order,
    found: foundAt(row?.createdMs),
    optional: "value" in order,
  });
  const refused = isRefused(facts);
  const reserved = known.entry("RESERVE", null);
  line.add({
    step: "reserve",
    what: reserved === undefined ? "RESERVE" : describeEntry(reserved),
    after: ["stored", "placed"],
    fact: entries,
    found: foundAt(reserved?.atMs),
    optional: refused || known.hasSimpleWallet,
  });
  if (reserved !== undefined || !refused)
    line.addWalletEvent("RESERVE", null, ["reserve", "stored", "placed"]);
  if (refused) addRefusal(line, row?.reason ?? "", row?.updatedMs ?? null);
  else addSending(line, isKnown);
}

/** The order is held: the exchange and everyone else may know of it. */
function addSending(line: Line, isKnown: boolean): void {
  const { known } = line;
  const { order, audited, commands } = line.facts;
  const held = known.row === undefined ? isKnown : known.row.reservation === "HELD";
  line.add({
    step: "held",
    what: "PENDING",
    after: ["reserve", "stored", "placed"],
    fact: order,
    found: held ? known.eventTime(known.sent("NEW") ?? known.event("PENDING")) : undefined,
  });
  line.addEvent("PENDING", ["held"]);
  line.add({
    step: "send",
    of: "NEW",
    what: `NEW -> ${toExchange.routingKey}`,
    after: ["held"],
    fact: audited,
    found: foundIn(known.sent("NEW")),
  });
  line.add({
    step: "take",
    of: "NEW",
    what: "NEW taken",
    after: ["send NEW"],
    fact: commands,
    found: foundAt(known.command("NEW")),
    optional: known.hasSimpleExchange,
  });
  line.lastResult = ["take NEW", "send NEW"];
}

function addRefusal(line: Line, reason: string, updatedMs: number | null): void {
  const { known } = line;
  const event = known.event("REJECTED");
  line.add({
    step: "refused",
    what: `REJECTED ${reason}`,
    after: ["reserve", "stored", "placed"],
    fact: line.facts.order,
    found: event === undefined ? { atMs: updatedMs } : known.eventTime(event),
  });
  line.addEvent("REJECTED", ["refused"]);
  if (known.entry("RESERVE", null) !== undefined) line.addRefund(null, ["refused"]);
}
