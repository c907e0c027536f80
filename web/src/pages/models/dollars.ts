import { useFormat } from "~/i18n/format";

/** Dollars with as many digits as they have: $0.075. */
export function useDollars(): (value: number) => string {
  const { locale } = useFormat();
  const format = new Intl.NumberFormat(locale, { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", minimumFractionDigits: 2, maximumFractionDigits: 6 });
  return (value) => format.format(value);
}
