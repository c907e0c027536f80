/** Which price applies to a model, as the control plane finds it: the one that says most of its name. Pure. */

import { KINDS, type Model, type Price } from "./parts";

type Rank = readonly [limited: number, exact: number, letters: number, pattern: string];

export function priceOf(model: Model, prices: readonly Price[]): Price | null {
  let best: { rank: Rank; price: Price } | null = null;
  for (const price of prices) {
    const rank = rankOf(price.model.toLowerCase(), model);
    if (rank && (!best || above(rank, best.rank))) best = { rank, price };
  }
  return best?.price ?? null;
}

/** How much a pattern says of the model; null: it is for others. Behind a kind it is for that kind alone. */
function rankOf(name: string, model: Model): Rank | null {
  const slash = name.indexOf("/");
  const [head, rest] = slash < 0 ? ["", name] : [name.slice(0, slash), name.slice(slash + 1)];
  const limited = head === model.kind && covers(rest, model);
  const open = !(head in KINDS) || name === model.id.toLowerCase();
  if (!limited && !(open && covers(name, model))) return null;
  const pattern = limited ? rest : name;
  const stars = pattern.split("*").length - 1;
  return [Number(limited), Number(stars === 0), pattern.length - stars, pattern];
}

function above(one: Rank, other: Rank): boolean {
  const place = one.findIndex((part, index) => part !== other[index]);
  const [a, b] = [one[place], other[place]];
  return a !== undefined && b !== undefined && a > b;
}

const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function covers(pattern: string, model: Model): boolean {
  const glob = new RegExp(`^${pattern.split(/\*+/).map(literal).join(".*")}$`);
  return [model.id, ...model.aliases].some((name) => glob.test(name.toLowerCase()));
}
