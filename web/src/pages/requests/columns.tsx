import { Text } from "@mantine/core";
import { memo, useMemo } from "react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { type Column, EndingBadge, Foreign, Moment, useNow } from "~/ui";

import { CostCell, TimesCell, TokensCell } from "./figures";
import type { Row } from "./filters";
import { Marks } from "./marks";
import { messages } from "./messages";
import { useNames } from "./names";
import styles from "./requests.module.css";

const MINUTE = 60_000;

/** Of the list; `arrived` came while it was shown. */
export function useColumns(arrived: ReadonlySet<string>): readonly Column<Row>[] {
  const t = useText(messages);
  const common = useCommon();
  return useMemo(
    () => [
      { id: "time", header: common("time"), width: "6.5rem", cell: (row) => <Received row={row} fresh={arrived.has(row.requestId)} /> },
      { id: "key", header: common("key"), width: "14%", cell: (row) => <KeyCell row={row} /> },
      { id: "model", header: t("column.asked"), width: "24%", cell: (row) => <ModelCell row={row} /> },
      { id: "account", header: common("account"), width: "14%", cell: (row) => <AccountCell row={row} /> },
      { id: "ended", header: t("column.ended"), cell: (row) => <EndedCell row={row} /> },
      { id: "times", header: t("column.time"), align: "right", cell: (row) => <TimesCell row={row} /> },
      { id: "tokens", header: t("column.tokens"), align: "right", cell: (row) => <TokensCell row={row} /> },
      { id: "cost", header: t("column.cost"), align: "right", cell: (row) => <CostCell row={row} /> },
      { id: "marks", header: t("column.marks"), align: "right", cell: (row) => <Marks row={row} /> },
    ],
    [t, common, arrived],
  );
}

/** The time of day for today, else with the day. */
function Received({ row, fresh }: { row: Row; fresh: boolean }) {
  const today = new Date(useNow(MINUTE)).toDateString();
  const style = row.receivedAt !== null && new Date(row.receivedAt).toDateString() === today ? "time" : "short";
  return (
    <span data-fresh={fresh || undefined}>
      <Moment at={row.receivedAt} style={style} />
    </span>
  );
}

const KeyCell = memo(function KeyCell({ row }: { row: Row }) {
  const { keyOf } = useNames();
  return <Foreign text={keyOf(row)} lines={2} />;
});

const ModelCell = memo(function ModelCell({ row }: { row: Row }) {
  const t = useText(messages);
  const by = row.kind === null ? null : `${row.kind}/${row.model ?? ""}`;
  return (
    <div className={styles.two}>
      {row.askedModel === "" ? <Quiet text={t("model.none")} /> : <Foreign text={row.askedModel} />}
      {by !== null && (
        <Text component="div" size="xs" c="dimmed" aria-label={t("served", { model: by })} role="group">
          <Foreign text={`→ ${by}`} />
        </Text>
      )}
    </div>
  );
});

const AccountCell = memo(function AccountCell({ row }: { row: Row }) {
  const { accountOf } = useNames();
  const quiet = row.accountLabel === null;
  return (
    <Text component="div" size="sm" c={quiet ? "dimmed" : undefined}>
      <Foreign text={accountOf(row)} lines={2} />
    </Text>
  );
});

const EndedCell = memo(function EndedCell({ row }: { row: Row }) {
  return (
    <div className={styles.two}>
      <span className={styles.ended}>
        <EndingBadge ending={row.ending} />
        <Text component="span" size="xs" c="dimmed">
          {row.status}
        </Text>
      </span>
      {row.error !== null && (
        <Text component="div" size="xs" c="dimmed">
          <Foreign text={row.error} mono />
        </Text>
      )}
    </div>
  );
});

function Quiet({ text }: { text: string }) {
  return (
    <Text component="div" size="sm" c="dimmed">
      {text}
    </Text>
  );
}
