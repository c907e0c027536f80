import { useFormat } from "~/i18n/format";

import type { Unit } from "./windows";

/** Writes amounts of a unit: tokens short, others exactly. */
export function useAmounts(): (unit: Unit) => (value: number) => string {
  const { number, tokens } = useFormat();
  return (unit) => (unit === "tokens" ? tokens : number);
}
