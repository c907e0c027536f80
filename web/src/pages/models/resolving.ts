/** Who would serve a name: its targets in their order, and which of them somebody offers. Pure.
 *
 * As the control plane looks names up, but for other spellings of a model, which it knows and this does not.
 */

import { type Account, KINDS, type Model, type Route, type Target } from "./parts";

/** `offering`: the accounts that offer it; `ready`: so many of them could serve now. */
export interface Step extends Target {
  offering: readonly Account[];
  ready: number;
}

export interface Meaning {
  how: "exact" | "prefix" | "model" | "unknown";
  /** The route's name. */
  route: string;
  /** To what the name limits itself: a kind, or an account's label; "" is nothing. */
  limited: string;
  steps: readonly Step[];
}

export interface World {
  routes: readonly Route[];
  models: readonly Model[];
  accounts: readonly Account[];
}

interface Pin {
  kind: string;
  account: string;
}

const UNKNOWN: Meaning = { how: "unknown", route: "", limited: "", steps: [] };
const NO_PIN: Pin = { kind: "", account: "" };

export function meaningOf(written: string, world: World): Meaning {
  const name = written.trim();
  if (!name) return UNKNOWN;
  const slash = name.indexOf("/");
  const head = slash < 0 ? "" : name.slice(0, slash);
  const pin = world.routes.some((route) => route.match === "exact" && route.name === name) ? null : pinOf(head, world);
  if (!pin) return meant(name, world, NO_PIN);
  const found = meant(name.slice(slash + 1), world, pin);
  return found.how === "unknown" ? modelNamed(name, world, NO_PIN) : { ...found, limited: head };
}

/** A kind that there are accounts of, or an account's label. */
function pinOf(head: string, { accounts }: World): Pin | null {
  if (!head) return null;
  const wanted = head.toLowerCase();
  if (accounts.some(({ kind }) => kind === wanted)) return { kind: wanted, account: "" };
  const account = accounts.find(({ label }) => label.toLowerCase() === wanted);
  return account ? { kind: account.kind, account: account.id } : null;
}

function meant(name: string, world: World, pin: Pin): Meaning {
  const exact = world.routes.find((route) => route.match === "exact" && route.name === name);
  const chain = exact ? stepsOf(exact, name, world, pin) : [];
  if (exact && chain.length > 0) return { how: "exact", route: name, limited: "", steps: chain };
  const model = modelNamed(name, world, pin);
  if (model.how === "model") return model;
  const prefixes = world.routes.filter((route) => route.match === "prefix" && name.startsWith(route.name)).sort((a, b) => b.name.length - a.name.length);
  for (const route of prefixes) {
    const steps = stepsOf(route, name, world, pin);
    // The longest that leads where the name is limited to; if nobody offers any of it, the name means nothing.
    if (steps.length > 0) return steps.some(({ offering }) => offering.length > 0) ? { how: "prefix", route: route.name, limited: "", steps } : UNKNOWN;
  }
  return UNKNOWN;
}

/** All kinds that have a model of this very name. */
function modelNamed(name: string, world: World, pin: Pin): Meaning {
  const steps = world.models
    .filter((model) => (!pin.kind || model.kind === pin.kind) && isCalled(model, name))
    .map((model) => stepOf({ kind: model.kind, model: model.id, accountIds: [] }, world, pin))
    .sort((a, b) => Number(b.kind === "kiro") - Number(a.kind === "kiro") || priority(b) - priority(a) || place(a.kind) - place(b.kind));
  return steps.length > 0 ? { how: "model", route: "", limited: "", steps } : UNKNOWN;
}

const isCalled = (model: Model, name: string) => model.id === name || model.aliases.includes(name);
const priority = ({ offering }: Step) => Math.max(-Infinity, ...offering.map((account) => account.priority));
const place = (kind: string) => Object.keys(KINDS).indexOf(kind);

function stepsOf(route: Route, name: string, world: World, pin: Pin): Step[] {
  const rest = route.match === "prefix" ? name.slice(route.name.length) : name;
  return route.targets
    .filter((target) => (!pin.kind || target.kind === pin.kind) && (!pin.account || target.accountIds.length === 0 || target.accountIds.includes(pin.account)))
    .map((target) => {
      const wanted = target.model.replaceAll("*", rest) || name;
      const known = world.models.find((model) => model.kind === target.kind && isCalled(model, wanted));
      return stepOf({ ...target, model: known?.id ?? wanted }, world, pin);
    });
}

function stepOf(target: Target, { accounts }: World, pin: Pin): Step {
  const only = pin.account ? [pin.account] : target.accountIds;
  const offering = accounts.filter(
    ({ id, kind, disabled, offeredModels }) => kind === target.kind && !disabled && offeredModels.includes(target.model) && (only.length === 0 || only.includes(id)),
  );
  return { ...target, accountIds: only, offering, ready: offering.filter(({ status }) => status === "active").length };
}

/** The routes that lead to a model only when others cannot serve. */
export function fallbacksOf({ kind, id, aliases, routes: first }: Model, routes: readonly Route[]): string[] {
  const leads = (route: Route) => route.targets.some((target) => target.kind === kind && [id, ...aliases].includes(target.model || route.name));
  return routes.filter((route) => route.match === "exact" && !first.includes(route.name) && leads(route)).map(({ name }) => name);
}
