/** What two states of an object differ in, one line for each figure or word. Pure. */

export type Told = Readonly<Record<string, unknown>> | null;

/** `field` is a path, "limits.requests.day"; undefined: it was not there. */
export interface Line {
  field: string;
  before: unknown;
  after: unknown;
}

type Named = Readonly<Record<string, unknown>> & { name: string };

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const isNamed = (value: unknown): value is Named => isObject(value) && typeof value.name === "string";
const isNothing = (value: unknown) => value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);

/** Every value by its path. Objects of a list are found by their name, so that one more does not change all behind it. */
function leaves(value: unknown, path: string, into: Map<string, unknown>): void {
  if (isObject(value)) {
    for (const [name, part] of Object.entries(value)) leaves(part, path ? `${path}.${name}` : name, into);
  } else if (Array.isArray(value) && value.length > 0 && value.every(isNamed)) {
    for (const part of value) into.set(`${path}: ${part.name}${part.match === "prefix" ? "…" : ""}`, part);
  } else {
    into.set(path, value);
  }
}

export function linesOf(before: Told, after: Told): Line[] {
  const was = new Map<string, unknown>();
  const is = new Map<string, unknown>();
  if (before) leaves(before, "", was);
  if (after) leaves(after, "", is);
  return [...new Set([...was.keys(), ...is.keys()])]
    .map((field) => ({ field, before: was.get(field), after: is.get(field) }))
    // Its id is told beside it.
    .filter((line) => line.field !== "id" && !(isNothing(line.before) && isNothing(line.after)) && JSON.stringify(line.before) !== JSON.stringify(line.after));
}

const SECRET = /token|secret|password|key$/i;

/** Of secrets the log tells only that they were given. */
export function isSecret({ field, before, after }: Line): boolean {
  return after === "changed" && before === undefined && SECRET.test(field);
}

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/;

export const isMoment = (value: unknown): value is string => typeof value === "string" && ISO.test(value) && !Number.isNaN(Date.parse(value));

/** An object in one line; a route as the chain it is. */
export function inShort(value: unknown): string {
  if (Array.isArray(value)) return value.map(inShort).join(", ");
  if (!isObject(value)) return String(value);
  if (Array.isArray(value.targets)) return value.targets.map(inShort).join(" → ");
  if (typeof value.kind === "string" && typeof value.model === "string") {
    const only = Array.isArray(value.accountIds) && value.accountIds.length > 0 ? ` (${value.accountIds.join(", ")})` : "";
    return `${value.kind}/${value.model || "="}${only}`;
  }
  return JSON.stringify(value);
}
