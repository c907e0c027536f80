import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { FilterBar, SearchFilter, SelectFilter } from "~/ui";

import { KIND_OPTIONS } from "./kinds";
import { type Filters, STATUSES } from "./list";
import { messages } from "./messages";

interface AccountFiltersProps {
  filters: Filters;
  change: (wanted: Partial<Filters>) => void;
  clear: () => void;
}

export function AccountFilters({ filters, change, clear }: AccountFiltersProps) {
  const t = useText(messages);
  const word = useCommon();
  const states = [
    ...STATUSES.map((value) => ({ value, label: word(`status.${value}`) })),
    { value: "limited", label: t("filter.limited") },
    { value: "attention", label: t("filter.attention") },
  ];
  return (
    <FilterBar active={Boolean(filters.q || filters.status || filters.kind)} clear={clear}>
      <SearchFilter label={t("search")} value={filters.q} onChange={(q) => change({ q })} />
      <SelectFilter label={word("status")} value={filters.status} onChange={(status) => change({ status })} options={states} />
      <SelectFilter label={word("kind")} value={filters.kind} onChange={(kind) => change({ kind })} options={KIND_OPTIONS} />
    </FilterBar>
  );
}
