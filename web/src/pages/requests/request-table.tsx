import { Button, Text } from "@mantine/core";
import { IconListDetails } from "@tabler/icons-react";
import { useMemo } from "react";
import { Link } from "react-router";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { DataTable, EmptyState, ErrorState, Loading, LoadMore } from "~/ui";

import { useColumns } from "./columns";
import type { Row } from "./filters";
import { MOST } from "./live";
import { messages } from "./messages";
import styles from "./requests.module.css";

/** What of the infinite query is needed here. */
interface Listed {
  data: unknown;
  error: unknown;
  refetch: () => unknown;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

interface RequestTableProps {
  query: Listed;
  rows: readonly Row[];
  /** Those that came while the page was shown. */
  fresh: readonly Row[];
  /** Whether newer pages were left out. */
  cut: boolean;
  filtered: boolean;
  opened: string | null;
  open: (id: string) => void;
  clear: () => void;
}

export function RequestTable({ query, rows, fresh, cut, filtered, opened, open, clear }: RequestTableProps) {
  const t = useText(messages);
  const arrived = useMemo(() => new Set(fresh.map((row) => row.requestId)), [fresh]);
  const columns = useColumns(arrived);
  if (query.data === undefined) {
    return query.error ? <ErrorState error={query.error} retry={() => void query.refetch()} /> : <Loading rows={12} height={44} />;
  }
  return (
    <div className={styles.list}>
      {cut && (
        <Text size="xs" c="dimmed" ta="center" mb="xs">
          {t("leftOut", { count: MOST })}
        </Text>
      )}
      <DataTable
        items={rows}
        columns={columns}
        label={t("list")}
        rowId={(row) => row.requestId}
        rowLabel={(row) => row.requestId}
        onOpen={(row) => open(row.requestId)}
        openId={opened}
        empty={<Empty filtered={filtered} clear={clear} />}
      />
      {/* What is there stays, also when more could not be had. */}
      <ErrorState error={query.error} retry={() => void query.refetch()} />
      <Text size="xs" c="dimmed" mt="xs">
        {t("shown", { count: rows.length })}
      </Text>
      <LoadMore query={query} />
    </div>
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
    return <EmptyState icon={IconListDetails} title={common("noMatch")} text={t("empty.filtered")} action={action} />;
  }
  const action = (
    <Button component={Link} to="/playground">
      {t("empty.action")}
    </Button>
  );
  return <EmptyState icon={IconListDetails} title={t("empty.title")} text={t("empty.text")} action={action} />;
}
