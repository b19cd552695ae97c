/** Keys of .env whose values have no form of their own, so that they may hold anything. */
export const canaryKeys = [
  "BROKER_DB_PASS",
  "BROKER_DB_ROOT_PASS",
  "B3_CORE_PASSWORD",
  "MONGO_ROOT_PASSWORD",
  "BROKER_ASSET_CACHE_PASSWORD",
  "BROKER_WALLET_CACHE_PASSWORD",
  "B3_MARKET_CACHE_PASSWORD",
  "RABBITMQ_PASSWORD",
  "KAFKA_UI_PASSWORD",
  "GRAFANA_ADMIN_PASSWORD",
  "SEED_USER_PASSWORD",
  "SERVICE_TOKEN_BROKER_ORDER",
  "BRAPI_TOKEN",
];

/** Characters that shells, JSON, URLs, YAML, patterns and .env files read as something else. */
export function canaryOf(key: string): string {
  return `not-a-secret ${key}"{a}&%41 $HOME a/b?c=d@e:f#g\\h<i>|+*;!`;
}

export interface Leak {
  readonly key: string;
  readonly form: string;
  readonly where: string;
  readonly text: string;
}

/** Each place in a text where a secret stands, however it is spelled. */
export function findLeaks(secrets: ReadonlyMap<string, string>, where: string, text: string): Leak[] {
  return [...secrets].flatMap(([key, secret]) =>
    Object.entries(spell(secret)).flatMap(([form, spelled]) => {
      const at = text.indexOf(spelled);
      return at < 0
        ? []
        : [{ key, form, where, text: text.slice(Math.max(0, at - 80), at + spelled.length + 20) }];
    }),
  );
}

function spell(secret: string): Readonly<Record<string, string>> {
  const bytes = Buffer.from(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  return {
    plain: secret,
    json,
    "json in json": JSON.stringify(json).slice(1, -1),
    url: encodeURIComponent(secret),
    form: new URLSearchParams({ a: secret }).toString().slice(2),
    base64: bytes.toString("base64").replace(/=+$/, ""),
    base64url: bytes.toString("base64url"),
    "with a user in base64": Buffer.from(`user:${secret}`).toString("base64").slice(7, -4),
    hex: bytes.toString("hex"),
    HEX: bytes.toString("hex").toUpperCase(),
    "dumped bytes": bytes
      .subarray(0, 8)
      .toString("hex")
      .replaceAll(/(..)(?=.)/g, "$1 "),
  };
}
