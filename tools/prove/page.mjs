const head = `# Proof

What the README says, put to the test: \`npm run prove\` runs one program for each claim (\`tools/prove/claims/\`) and
fails where one does not hold. \`npm run prove -- --write\` writes this page. What a machine cannot run is \`not run\`, and
never counts as passed.`;
const columns = ["claim", "figure", "result", "measured"];

/** A table in Markdown, a row a result; `date` is when it was measured. */
export function renderTable(results, date) {
  return [...tableHead(), ...results.map((result) => renderRow(result, date))].join("\n");
}

const tableHead = () => [row(columns), row(columns.map(() => "---"))];

function renderRow({ text, figure, verdict, seconds }, date) {
  const shown = { pass: "pass", fail: "**fail**", "not run": `not run: ${figure}` }[verdict];
  const measured = seconds === undefined ? "-" : `${date}, ${seconds} s`;
  return row([text, verdict === "not run" ? "-" : figure, shown, measured]);
}

const row = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;

/**
 * The page, with these results. Of a claim that was not asked for now, what an earlier run wrote stays.
 * @param {{ claims: object[], results: object[], date: string, page: string }} parts every claim in the order of the
 *   page; results with the machine that each was measured on; the page as it is, empty where there is none
 */
export function renderPage({ claims, results, date, page }) {
  const made = new Map(results.map((result) => [result.id, result]));
  const kept = readPage(page);
  const rowOf = ({ id, text }) => {
    if (made.has(id)) return renderRow(made.get(id), date);
    return kept.rows.get(text) ?? renderRow({ text, verdict: "not run", figure: "not asked for" }, date);
  };
  const sectionOf = ({ id }) => (made.has(id) ? renderSection(made.get(id)) : (kept.sections.get(id) ?? ""));
  const table = [...tableHead(), ...claims.map(rowOf)].join("\n");
  const parts = [head, table, ...claims.map(sectionOf)].filter((text) => text !== "");
  return `${parts.join("\n\n")}\n`;
}

function renderSection({ id, text, machine, evidence }) {
  const lines = evidence.map((line) => `- ${line}`).join("\n");
  return [`## ${id}`, `${text}. ${machine}`, lines].join("\n\n").trim();
}

/** Rows by their claim's text, and sections by its id, as they stand there. */
function readPage(page) {
  const rows = page
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) => [line.slice(2).split(" | ")[0], line]);
  const sections = page
    .split(/^(?=## )/m)
    .filter((part) => part.startsWith("## "))
    .map((part) => [part.slice(3, part.indexOf("\n")), part.trim()]);
  return { rows: new Map(rows), sections: new Map(sections) };
}
