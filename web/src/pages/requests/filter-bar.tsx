import { Button } from "@mantine/core";
import { IconFilter } from "@tabler/icons-react";
import { useState } from "react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { FilterBar, SearchFilter, SelectFilter } from "~/ui";

import { ChoiceFilter } from "./choice-filter";
import { ENDINGS, type Filters, NAMES, type Row } from "./filters";
import { messages } from "./messages";
import { ModelFilter } from "./model-filter";
import styles from "./requests.module.css";
import { SpanFilter } from "./span-filter";

const KINDS = ["kiro", "kimi-web", "openai", "anthropic"];
const STATUSES = ["200", "400", "401", "403", "404", "413", "429", "499", "500", "502", "503", "504", "529"];

interface RequestFiltersProps {
  filters: Filters;
  change: (wanted: Partial<Filters>) => void;
  clear: () => void;
  /** Their models can be chosen. */
  rows: readonly Row[];
}

export function RequestFilters({ filters, change, clear, rows }: RequestFiltersProps) {
  const t = useText(messages);
  const common = useCommon();
  // On a phone they would fill the screen.
  const [shown, setShown] = useState(false);
  const statuses = filters.status && !STATUSES.includes(filters.status) ? [...STATUSES, filters.status] : STATUSES;
  const models = [...new Set(rows.flatMap(({ askedModel, model }) => [askedModel, ...(model ? [model] : [])]))].sort();
  const count = NAMES.filter((name) => filters[name]).length;
  return (
    <>
      <Button
        className={styles.toggle}
        variant="default"
        fullWidth
        mb="sm"
        leftSection={<IconFilter size={16} aria-hidden />}
        aria-expanded={shown}
        onClick={() => setShown(!shown)}
      >
        {count > 0 ? t("filters.active", { count }) : t("filters")}
      </Button>
      <div className={styles.filters} data-shown={shown}>
        <FilterBar active={NAMES.some((name) => filters[name])} clear={clear}>
          <SpanFilter filters={filters} change={change} />
          <ChoiceFilter what="keys" label={common("key")} value={filters.key} onChange={(key) => change({ key })} />
          <ChoiceFilter what="accounts" label={common("account")} value={filters.account} onChange={(account) => change({ account })} />
          <ModelFilter value={filters.model} onChange={(model) => change({ model })} models={models} />
          <SelectFilter label={common("kind")} value={filters.kind} onChange={(kind) => change({ kind })} options={KINDS.map(plain)} width={130} />
          <SelectFilter
            label={t("filter.ending")}
            value={filters.ending}
            onChange={(ending) => change({ ending })}
            options={ENDINGS.map((value) => ({ value, label: common(`ending.${value}`) }))}
            width={130}
          />
          <SelectFilter label={t("filter.status")} value={filters.status} onChange={(status) => change({ status })} options={statuses.map(plain)} width={130} searchable />
          <SelectFilter
            label={t("filter.internal")}
            value={filters.internal}
            onChange={(internal) => change({ internal })}
            options={(["false", "true"] as const).map((value) => ({ value, label: t(`internal.${value}`) }))}
            width={150}
          />
          <SearchFilter label={t("filter.id")} value={filters.id} onChange={(id) => change({ id: id.trim() })} width={230} />
        </FilterBar>
      </div>
    </>
  );
}

const plain = (value: string) => ({ value, label: value });
