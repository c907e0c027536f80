/** What the page is about. */

import type { Schema } from "~/api/client";

export type Model = Schema<"ModelRead">;
export type Price = Schema<"PriceRead">;
export type Target = Schema<"TargetRead">;
export type Route = Omit<Schema<"RouteRead">, "targets"> & { targets: readonly Target[] };
export type Account = Schema<"AccountRead">;

/** In the order in which they serve a name that several have; names of products, the same in every language. */
export const KINDS: Readonly<Record<string, string>> = { kiro: "Kiro", "kimi-web": "kimi-web", openai: "OpenAI API", anthropic: "Anthropic API" };

export const kindName = (kind: string): string => KINDS[kind] ?? kind;
