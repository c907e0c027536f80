/** Routes as they are edited: each with a key of its own, whatever it is called and wherever it stands. Pure. */

import type { Route, Target } from "./parts";

export type EditedTarget = Target & { key: string };
export type EditedRoute = Omit<Route, "targets"> & { key: string; targets: readonly EditedTarget[] };

/** `base`: what the server had when the editing began. */
export interface Draft {
  base: readonly Route[];
  routes: readonly EditedRoute[];
}

let made = 0;
const newKey = () => `new-${++made}`;

export const newTarget = (kind = "kiro"): EditedTarget => ({ key: newKey(), kind, model: "", accountIds: [] });
export const newRoute = (): EditedRoute => ({ key: newKey(), name: "", match: "exact", targets: [newTarget()] });

const keyOf = ({ match, name }: Route) => `${match}:${name}`;

export function drafted(base: readonly Route[]): Draft {
  const routes = base.map((route) => ({ ...route, key: keyOf(route), targets: route.targets.map((target, place) => ({ ...target, key: `${place}` })) }));
  return { base, routes };
}

/** As it is sent. */
export const plain = ({ name, match, targets }: EditedRoute): Route => ({
  name: name.trim(),
  match,
  targets: targets.map(({ kind, model, accountIds }) => ({ kind, model: model.trim(), accountIds })),
});

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

export type Mark = "new" | "changed" | null;

export function marksOf({ base, routes }: Draft): ReadonlyMap<string, Mark> {
  const was = new Map(base.map((route) => [keyOf(route), route]));
  const mark = (route: EditedRoute): Mark => {
    const before = was.get(route.key);
    return !before ? "new" : same({ name: before.name, match: before.match, targets: before.targets.map(({ kind, model, accountIds }) => ({ kind, model, accountIds })) }, plain(route)) ? null : "changed";
  };
  return new Map(routes.map((route) => [route.key, mark(route)]));
}

export function removedOf({ base, routes }: Draft): readonly Route[] {
  const there = new Set(routes.map(({ key }) => key));
  return base.filter((route) => !there.has(keyOf(route)));
}

export function isDirty(draft: Draft): boolean {
  return removedOf(draft).length > 0 || [...marksOf(draft).values()].some((mark) => mark !== null);
}

/** Whether the server has other routes now than when the editing began. */
export const isOutdated = ({ base }: Draft, now: readonly Route[]) => !same(base, now);

/** The item at `place` one further up (-1) or down (1); as it was where there is no further. */
export function moved<Item>(items: readonly Item[], place: number, by: -1 | 1): readonly Item[] {
  const [item, other] = [items[place], items[place + by]];
  if (item === undefined || other === undefined) return items;
  return items.map((each, index) => (index === place ? other : index === place + by ? item : each));
}

/** Where an error of the server is: the route's key, and which of its fields: "name", "targets", "targets[1].model". */
export function placeOf(field: string, routes: readonly EditedRoute[]): { key: string; field: string } | null {
  const [, place, rest = ""] = /^routes\[(\d+)\]\.?(.*)$/.exec(field) ?? [];
  const route = place === undefined ? undefined : routes[Number(place)];
  return route ? { key: route.key, field: rest || "name" } : null;
}
