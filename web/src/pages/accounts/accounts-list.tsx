import { Button, Text } from "@mantine/core";
import { IconPlus, IconSearchOff, IconUserCircle } from "@tabler/icons-react";
import { useMemo, useState } from "react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { DataTable, EmptyState } from "~/ui";

import { useBulk } from "./bulk";
import { BulkBar } from "./bulk-bar";
import { BulkResult } from "./bulk-result";
import { columnsOf } from "./columns";
import type { Account } from "./kinds";
import { type Filters, matching } from "./list";
import { messages } from "./messages";
import { useSelection } from "./selection";

/** So many rows are drawn at first: hundreds would take a while. */
const PORTION = 50;

interface AccountsListProps {
  accounts: readonly Account[];
  filters: Filters;
  isAdmin: boolean;
  openId: string | null;
  onOpen: (id: string) => void;
  onAdd: () => void;
  onClear: () => void;
}

export function AccountsList({ accounts, filters, isAdmin, openId, onOpen, onAdd, onClear }: AccountsListProps) {
  const t = useText(messages);
  const word = useCommon();
  const shown = useMemo(() => matching(accounts, filters), [accounts, filters]);
  const { ids, toggle, set } = useSelection(shown);
  const bulk = useBulk();
  const [most, setMost] = useState(PORTION);
  const columns = columnsOf({ t, status: word("status"), account: word("account") }, isAdmin ? { ids, toggle } : null);
  return (
    <>
      <DataTable
        items={shown}
        columns={columns}
        label={t("listLabel")}
        rowId={(account) => account.id}
        rowLabel={(account) => account.label}
        onOpen={(account) => onOpen(account.id)}
        openId={openId}
        most={most}
        empty={accounts.length ? <NoMatch onClear={onClear} /> : <NoAccount onAdd={isAdmin ? onAdd : undefined} />}
      />
      {shown.length > most && (
        <Button variant="default" mt="xs" onClick={() => setMost(most + PORTION)}>
          {t("more", { count: shown.length - most })}
        </Button>
      )}
      {!isAdmin && <Text size="xs" c="dimmed" mt="xs">{t("viewerNote")}</Text>}
      {ids.size > 0 && (
        <BulkBar
          count={ids.size}
          whole={ids.size === shown.length}
          onAll={() => set(shown.map((account) => account.id))}
          onNone={() => set([])}
          onAct={(deed) => bulk.start(deed, shown.filter((account) => ids.has(account.id)))}
        />
      )}
      <BulkResult bulk={bulk} />
    </>
  );
}

function NoMatch({ onClear }: { onClear: () => void }) {
  const word = useCommon();
  return <EmptyState icon={IconSearchOff} title={word("noMatch")} action={<Button variant="default" onClick={onClear}>{word("clear")}</Button>} />;
}

function NoAccount({ onAdd }: { onAdd?: () => void }) {
  const t = useText(messages);
  const action = onAdd && (
    <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={onAdd}>
      {t("add")}
    </Button>
  );
  const text = onAdd ? t("empty.text") : `${t("empty.text")} ${t("empty.viewer")}`;
  return <EmptyState icon={IconUserCircle} title={t("empty.title")} text={text} action={action} />;
}
