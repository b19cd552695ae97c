import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Redactor } from "../../output/redactor.js";
import { makeFacts } from "../testing/make-facts.js";
import { renderReport, shorten } from "./render-report.js";

const secret = 'canary+not/a"secret=1';

describe("the report", () => {
  it("has no secret in any of its forms, wherever one came from", () => {
    const redactor = new Redactor();
    redactor.add(secret);
    const bytes = Buffer.from(secret);
    const leaks = [
      secret,
      JSON.stringify({ secret }),
      encodeURIComponent(secret),
      bytes.toString("base64"),
      bytes.toString("hex"),
    ];
    const finding = {
      id: "kafka.lag",
      subject: "kafka",
      level: "error" as const,
      message: `a message with ${secret}`,
      evidence: leaks,
      fix: `echo ${secret}`,
      ignored: undefined,
      check: {} as never,
    };
    const text = redactor.apply(
      renderReport({
        facts: makeFacts({ ground: { runtime: "unknown", failure: {} as never } }),
        findings: [finding],
        sections: [{ title: "mybroker config", text: leaks.join("\n") }],
      }),
    );
    for (const form of [...leaks, JSON.stringify(secret).slice(1, -1)]) expect(text).not.toContain(form);
    expect(text).toContain("**kafka.lag** (error) a message with");
  });

  it("stays below 200 kB and keeps its fences whole", () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index} \`\`\`\` of a log`).join("\n");
    const sections = Array.from({ length: 14 }, (_, index) => ({
      title: `mybroker logs s${index}`,
      text: lines,
    }));
    const text = renderReport({
      facts: makeFacts({ ground: { runtime: "unknown", failure: {} as never } }),
      findings: [],
      sections,
    });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(200_000);
    expect(text.match(/lines left out/g)).toHaveLength(14);
    expect(text.match(/^````$/gm)).toHaveLength(28);
    expect(text.startsWith("# mybroker report of app\n")).toBe(true);
  });
});

it("shortens to a limit by leaving out the middle", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 40 })),
      fc.integer({ min: 200, max: 2_000 }),
      (lines, limit) => {
        const text = lines.join("\n");
        const short = shorten(text, limit);
        if (Buffer.byteLength(text) <= limit) expect(short).toBe(text);
        else expect(Buffer.byteLength(short)).toBeLessThanOrEqual(limit);
      },
    ),
  );
});
