/** The fields of an account as a form holds them, and the bodies that are sent. */

import { type Account, hasField, SECRETS } from "./kinds";

export interface Values {
  label: string;
  refreshToken: string;
  accessToken: string;
  clientId: string;
  clientSecret: string;
  apiKey: string;
  region: string;
  profileArn: string;
  machineId: string;
  baseUrl: string;
  proxyUrl: string;
  models: string[];
  /** A number, or "" while nothing stands there. */
  priority: number | string;
  maxConcurrency: number | string;
}

export const EMPTY: Values = {
  label: "", refreshToken: "", accessToken: "", clientId: "", clientSecret: "", apiKey: "", region: "", profileArn: "", machineId: "",
  baseUrl: "", proxyUrl: "", models: [], priority: "", maxConcurrency: "",
};

export const FIELD_NAMES = Object.keys(EMPTY) as (keyof Values)[];

const TEXTS = ["label", "region", "profileArn", "machineId", "baseUrl", "proxyUrl"] as const;
const NUMBERS = ["priority", "maxConcurrency"] as const;
const EVERYBODYS: readonly string[] = ["label", "baseUrl", "proxyUrl"];

/** An account as the form shows it; its secrets are not known here. */
export function valuesOf(account: Account): Values {
  const texts = Object.fromEntries(TEXTS.map((name) => [name, account[name]]));
  return { ...EMPTY, ...texts, models: account.models, priority: account.priority, maxConcurrency: account.maxConcurrency };
}

const applies = (kind: string, name: string) => EVERYBODYS.includes(name) || hasField(kind, name);
const same = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((each, place) => each === b[place]);
const number = (value: number | string) => (value === "" ? null : Number(value));

/** What the form changes of an account: what was emptied becomes null, which restores the default; secrets only where one was typed. */
export function changesOf(account: Account, values: Values): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const name of TEXTS) {
    const wanted = values[name].trim();
    if (applies(account.kind, name) && wanted !== account[name]) body[name] = wanted || null;
  }
  for (const name of NUMBERS) {
    if (number(values[name]) !== account[name]) body[name] = number(values[name]);
  }
  if (!same(values.models, account.models)) body.models = values.models.length ? values.models : null;
  for (const name of SECRETS) {
    if (hasField(account.kind, name) && values[name].trim()) body[name] = values[name].trim();
  }
  return body;
}

/** A new account: only what was filled in. */
export function bodyOf(kind: string, values: Values): Record<string, unknown> {
  const body: Record<string, unknown> = { kind };
  for (const name of [...TEXTS, ...SECRETS]) {
    if (applies(kind, name) && values[name].trim()) body[name] = values[name].trim();
  }
  for (const name of NUMBERS) {
    if (values[name] !== "") body[name] = Number(values[name]);
  }
  if (values.models.length) body.models = values.models;
  return body;
}
