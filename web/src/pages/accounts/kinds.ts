/** What the page must know of the kinds of upstream: names, and which fields mean something to their accounts. */

import type { Schema } from "~/api/client";

export type Account = Schema<"AccountRead">;
export type Kind = Schema<"AccountBody">["kind"];

/** Names of products, the same in every language. */
export const KINDS: Record<Kind, string> = {
  kiro: "Kiro",
  "kimi-web": "kimi-web",
  openai: "OpenAI API",
  anthropic: "Anthropic API",
};

export const KIND_OPTIONS = Object.entries(KINDS).map(([value, label]) => ({ value, label }));

const isKind = (kind: string): kind is Kind => kind in KINDS;

export const kindName = (kind: string): string => (isKind(kind) ? KINDS[kind] : kind);

/** Its API's address unless an account has its own; "": that is configured elsewhere. */
export const USUAL_ADDRESS: Record<string, string> = { openai: "https://api.openai.com/v1", anthropic: "https://api.anthropic.com" };

/** Fields beyond those of all accounts; those of SECRETS are told to nobody. */
const FIELDS: Record<string, readonly string[]> = {
  kiro: ["refreshToken", "accessToken", "clientId", "clientSecret", "apiKey", "region", "profileArn", "machineId"],
  openai: ["apiKey"],
  anthropic: ["apiKey"],
};

export const SECRETS = ["refreshToken", "accessToken", "clientId", "clientSecret", "apiKey"] as const;

export const hasField = (kind: string, field: string): boolean => (FIELDS[kind] ?? []).includes(field);

/** Whether its accounts have an allowance that can be asked for. */
export const hasAllowance = (kind: string): boolean => kind === "kiro";

/** Whether its sign-in can be renewed: by a refresh token, or by opening the site anew. */
export const renewable = (account: Account): boolean => account.hasRefreshToken || account.authMethod === "nonce";
