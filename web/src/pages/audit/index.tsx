import { Button, Group } from "@mantine/core";
import { IconArrowUp, IconHistory } from "@tabler/icons-react";
import { Link } from "react-router";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { DataTable, EmptyState, FilterBar, Loaded, LoadMore, PageHeader, SearchFilter, SelectFilter, useUrlState } from "~/ui";

import styles from "./audit.module.css";
import { useColumns } from "./columns";
import { type Filters, NAMES, useChanges } from "./list";
import { messages } from "./messages";
import { ACTIONS, useActionText } from "./words";

const ROWS = 12;

/** The audit log: who changed what. */
export default function Audit() {
  const t = useText(messages);
  const [filters, change, clear] = useUrlState(NAMES);
  const { query, changes, fresh, renew } = useChanges(filters);
  const columns = useColumns();
  const filtered = NAMES.some((name) => filters[name]);
  return (
    <>
      <PageHeader title={t("title")} subtitle={t("subtitle")} />
      <Filter filters={filters} change={change} clear={clear} filtered={filtered} />
      <Group className={styles.pill} justify="center" role="status">
        {fresh && (
          <Button radius="xl" mb="xs" leftSection={<IconArrowUp size={16} aria-hidden />} onClick={renew}>
            {t("fresh")}
          </Button>
        )}
      </Group>
      <Loaded query={query} rows={ROWS}>
        {() => (
          <div className={styles.list}>
            <DataTable items={changes} columns={columns} label={t("list")} rowId={(one) => String(one.id)} empty={<Empty filtered={filtered} clear={clear} />} />
            <LoadMore query={query} />
          </div>
        )}
      </Loaded>
    </>
  );
}

interface FilterProps {
  filters: Filters;
  change: (wanted: Partial<Filters>) => void;
  clear: () => void;
  filtered: boolean;
}

function Filter({ filters, change, clear, filtered }: FilterProps) {
  const t = useText(messages);
  const said = useActionText();
  const offered = !filters.action || ACTIONS.includes(filters.action) ? ACTIONS : [filters.action, ...ACTIONS];
  return (
    <FilterBar active={filtered} clear={clear}>
      <SelectFilter
        label={t("filter.action")}
        value={filters.action}
        onChange={(action) => change({ action })}
        options={offered.map((value) => ({ value, label: said(value) }))}
        width={230}
        searchable
      />
      <SearchFilter label={t("filter.actor")} value={filters.actor} onChange={(actor) => change({ actor: actor.trim() })} width={190} />
      <SearchFilter label={t("filter.target")} value={filters.target} onChange={(target) => change({ target: target.trim() })} width={230} />
    </FilterBar>
  );
}

function Empty({ filtered, clear }: { filtered: boolean; clear: () => void }) {
  const t = useText(messages);
  const common = useCommon();
  if (filtered) {
    const action = (
      <Button variant="default" onClick={clear}>
        {common("clear")}
      </Button>
    );
    return <EmptyState icon={IconHistory} title={common("noMatch")} action={action} />;
  }
  const action = (
    <Button component={Link} to="/settings">
      {t("empty.action")}
    </Button>
  );
  return <EmptyState icon={IconHistory} title={t("empty.title")} text={t("empty.text")} action={action} />;
}
