/** The form of a key: what its fields hold, and what of that is sent. */

import { PERIODS, type Period, type Unit, UNITS } from "~/ui/key-usage";

import type { Key } from "../data";

/** Empty: no limit. */
export type Amount = number | "";

export type LimitValues = Record<Unit, Record<Period, Amount>> & { concurrency: Amount };

/** The names are those of the API, so that its errors find their fields. `expiresAt` is as `datetime-local` has it, in local time. */
export interface Values {
  name: string;
  limits: LimitValues;
  allowedModels: string[];
  allowedAccountIds: string[];
  allowedIps: string[];
  expiresAt: string;
  strict: boolean;
  compression: boolean;
}

const LEAVES = UNITS.flatMap((unit) => PERIODS.map((period) => `limits.${unit}.${period}`));
export const NAMES = ["name", ...LEAVES, "limits.concurrency", "allowedModels", "allowedAccountIds", "allowedIps", "expiresAt", "strict", "compression"];

type Limits = Partial<Record<Unit, Partial<Record<Period, number | null>> | null>> & { concurrency?: number | null };

export function limitValues(limits: Limits): LimitValues {
  const row = (unit: Unit) => Object.fromEntries(PERIODS.map((period) => [period, limits[unit]?.[period] ?? ""])) as Record<Period, Amount>;
  return { requests: row("requests"), tokens: row("tokens"), credits: row("credits"), concurrency: limits.concurrency ?? "" };
}

export const EMPTY: Values = {
  name: "",
  limits: limitValues({}),
  allowedModels: [],
  allowedAccountIds: [],
  allowedIps: [],
  expiresAt: "",
  strict: false,
  compression: true,
};

export function valuesOf(key: Key): Values {
  const { name, limits, allowedModels, allowedAccountIds, allowedIps, strict, compression } = key;
  return { name, limits: limitValues(limits), allowedModels, allowedAccountIds, allowedIps, expiresAt: localTime(key.expiresAt), strict, compression };
}

const MINUTE = 60_000;

/** As `datetime-local` wants it: no zone, local time. */
export function localTime(iso: string | null): string {
  if (!iso) return "";
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * MINUTE).toISOString().slice(0, 16);
}

const nullable = (amount: Amount): number | null => (amount === "" ? null : amount);

function limitsBody(limits: LimitValues) {
  const row = (unit: Unit) => Object.fromEntries(PERIODS.map((period) => [period, nullable(limits[unit][period])]));
  return { requests: row("requests"), tokens: row("tokens"), credits: row("credits"), concurrency: nullable(limits.concurrency) };
}

/** The body of a request: all fields, or with `before` only those that differ from it, so that nobody's change is undone. */
export function bodyOf(values: Values, before?: Values): Record<string, unknown> {
  const { expiresAt, limits, name, ...rest } = values;
  const whole = { ...rest, name: name.trim(), expiresAt: expiresAt ? new Date(expiresAt).toISOString() : null, limits: limitsBody(limits) };
  if (!before) return whole;
  const old = bodyOf(before);
  return Object.fromEntries(Object.entries(whole).filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(old[field])));
}
