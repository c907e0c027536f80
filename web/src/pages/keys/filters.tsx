import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { FilterBar, SearchFilter, SelectFilter } from "~/ui";

import { type Filters, ORDERS } from "./data";
import { messages } from "./messages";

interface KeyFiltersProps {
  filters: Filters;
  change: (wanted: Partial<Filters>) => void;
  clear: () => void;
}

export function KeyFilters({ filters, change, clear }: KeyFiltersProps) {
  const t = useText(messages);
  const word = useCommon();
  const states = [
    { value: "yes", label: t("state.enabled") },
    { value: "no", label: t("state.disabled") },
  ];
  const orders = ORDERS.map((value) => ({ value, label: t(`sort.${value}`) }));
  return (
    <FilterBar active={Object.values(filters).some(Boolean)} clear={clear}>
      <SearchFilter label={t("search")} value={filters.q} onChange={(q) => change({ q })} />
      <SelectFilter label={word("status")} value={filters.enabled} onChange={(enabled) => change({ enabled })} options={states} />
      <SelectFilter label={t("sort")} value={filters.sort} onChange={(sort) => change({ sort })} options={orders} width={190} />
    </FilterBar>
  );
}
