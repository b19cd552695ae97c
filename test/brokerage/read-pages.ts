import { expect } from "vitest";
import { call } from "./investor.js";

type Item = Readonly<Record<string, unknown>>;

/** All items of a paged route of the gateway, page by page, newest first. */
export async function readPages(gateway: string, path: string, token: string): Promise<Item[]> {
  const items: Item[] = [];
  let next: string | null = "";
  while (next !== null) {
    const cursor: string = next === "" ? "" : `&cursor=${encodeURIComponent(next)}`;
    const url = `${gateway}/api/v1/${path}?limit=50${cursor}`;
    const answer = await call<{ items: Item[]; next: string | null }>("GET", url, { token });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    items.push(...answer.body.items);
    next = answer.body.next;
  }
  return items;
}
