export type QuoteSettings =
  | { readonly source: "simulated"; readonly seed: string; readonly intervalSeconds: number }
  | {
      readonly source: "brapi";
      readonly token: string;
      /** "https://brapi.dev" */
      readonly url: string;
      readonly intervalSeconds: number;
    };
