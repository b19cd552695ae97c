import { TestRunner } from "vitest";

type Figures = Readonly<Record<string, number | string | boolean>>;

declare module "vitest" {
  interface TaskMeta {
    figures?: Figures;
  }
}

/** Puts what the running test has measured or counted into its report: `npm run prove` prints it. */
export function tellFigures(figures: Figures): void {
  const test = TestRunner.getCurrentTest();
  if (test === undefined) throw new Error("no test runs that could tell figures");
  test.meta.figures = { ...test.meta.figures, ...figures };
}
