/** What somebody has changed and not saved, over settings that others may change meanwhile. Pure. */

import type { Name, Values, Wanted } from "./fields";

interface Edited {
  wanted: Wanted;
  /** What was there when it was edited. */
  base: Values[Name];
}

export type Draft = Readonly<Partial<Record<Name, Edited>>>;

const entries = (draft: Draft) => Object.entries(draft) as [Name, Edited][];

/** `draft` with `name` as it is wanted; without it, when that is what holds. */
export function edited(draft: Draft, live: Values, name: Name, wanted: Wanted): Draft {
  if (wanted === live[name]) return dropped(draft, name);
  return { ...draft, [name]: { wanted, base: draft[name]?.base ?? live[name] } };
}

export function dropped(draft: Draft, name: Name): Draft {
  return Object.fromEntries(entries(draft).filter(([other]) => other !== name));
}

/** Somebody else's change was seen, and is to be changed all the same. */
export function rebased(draft: Draft, live: Values, name: Name): Draft {
  const found = draft[name];
  return found ? { ...draft, [name]: { wanted: found.wanted, base: live[name] } } : draft;
}

/** What is left to be saved: what others have decided alike meanwhile is not. */
export function unsaved(draft: Draft, live: Values): Partial<Record<Name, Wanted>> {
  return Object.fromEntries(entries(draft).flatMap(([name, { wanted }]) => (wanted === live[name] ? [] : [[name, wanted]])));
}

/** The settings that somebody else has changed to something else since they were edited here. */
export function conflicts(draft: Draft, live: Values): Name[] {
  return entries(draft).flatMap(([name, { wanted, base }]) => (live[name] !== base && live[name] !== wanted ? [name] : []));
}
