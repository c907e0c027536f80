import { Button } from "@mantine/core";
import { IconKey, IconPlus, IconSearchOff } from "@tabler/icons-react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { useFormat } from "~/i18n/format";
import { DataTable, EmptyState, Loaded, LoadMore } from "~/ui";

import { columnsOf } from "./columns";
import { type Filters, useKeys } from "./data";
import { messages } from "./messages";

interface KeyListProps {
  filters: Filters;
  openId: string | null;
  onOpen: (id: string) => void;
  onClear: () => void;
  /** Absent for who may not make keys. */
  onNew?: () => void;
}

const ROWS = 8;

export function KeyList({ filters, openId, onOpen, onClear, onNew }: KeyListProps) {
  const t = useText(messages);
  const word = useCommon();
  const { number } = useFormat();
  const query = useKeys(filters);
  const columns = columnsOf({ t, name: word("name"), status: word("status"), requests: word("requests"), tokens: word("tokens"), cost: word("cost"), number });
  const filtered = Boolean(filters.q || filters.enabled);
  return (
    <Loaded query={query} rows={ROWS}>
      {({ pages }) => (
        <>
          <DataTable
            items={pages.flatMap((page) => page.keys)}
            columns={columns}
            label={t("listLabel")}
            rowId={(key) => key.id}
            rowLabel={(key) => key.name}
            onOpen={(key) => onOpen(key.id)}
            openId={openId}
            empty={filtered ? <NoMatch onClear={onClear} /> : <NoKey onNew={onNew} />}
          />
          <LoadMore query={query} total={pages[0]?.total} />
        </>
      )}
    </Loaded>
  );
}

function NoMatch({ onClear }: { onClear: () => void }) {
  const word = useCommon();
  return <EmptyState icon={IconSearchOff} title={word("noMatch")} action={<Button variant="default" onClick={onClear}>{word("clear")}</Button>} />;
}

function NoKey({ onNew }: { onNew?: () => void }) {
  const t = useText(messages);
  const action = onNew && (
    <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={onNew}>
      {t("new")}
    </Button>
  );
  return <EmptyState icon={IconKey} title={t("empty")} text={onNew ? t("emptyText") : t("emptyViewer")} action={action} />;
}
