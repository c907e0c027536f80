import { Anchor } from "@mantine/core";
import { Link } from "react-router";

import { useText } from "~/i18n";
import { useFormat } from "~/i18n/format";
import { Bar, Foreign, useNow } from "~/ui";

import { ChartPanel } from "./chart-panel";
import styles from "./home.module.css";
import { messages } from "./messages";
import type { Spend } from "./overview";
import { near } from "./times";

const MINUTE = 60_000;

/** The limits of keys that are nearest to their end; each leads to its key. */
export function Spending({ spend }: { spend: readonly Spend[] }) {
  const t = useText(messages);
  return (
    <ChartPanel title={t("spend")}>
      {spend.length === 0 && (
        <div className={styles.plot} data-empty>
          {t("noSpend")}
        </div>
      )}
      <ul className={styles.rows}>
        {spend.map((row) => (
          <SpendRow key={`${row.keyId} ${row.unit} ${row.period}`} row={row} />
        ))}
      </ul>
    </ChartPanel>
  );
}

function SpendRow({ row }: { row: Spend }) {
  const t = useText(messages);
  const { tokens, number, locale } = useFormat();
  const now = useNow(MINUTE);
  const write = row.unit === "tokens" ? tokens : number;
  const what = t(`period.${row.period}`, { unit: t(`unit.${row.unit}`) });
  const left = Math.max(0, row.limit - row.used - row.reserved);
  return (
    <li>
      <div className={styles.rowHead}>
        <Anchor component={Link} to={`/keys/${encodeURIComponent(row.keyId)}`} size="sm" className={styles.rowName}>
          <Foreign text={row.name} />
        </Anchor>
        <span className={styles.rowFigure}>{what}</span>
      </div>
      <Bar used={row.used} reserved={row.reserved} limit={row.limit} label={`${row.name}, ${what}`} format={write} />
      <div className={styles.rowNote}>
        <span>
          {write(row.used)} / {write(row.limit)}
          {row.reserved > 0 && ` · ${t("reserved", { value: write(row.reserved) })}`} · {t("left", { value: write(left) })}
        </span>
        {row.resetsAt && row.period !== "minute" && <span>{t("resets", { time: near(Date.parse(row.resetsAt), now, locale) })}</span>}
      </div>
    </li>
  );
}
