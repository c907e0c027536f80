import { Anchor } from "@mantine/core";
import { Link } from "react-router";

import { useText } from "~/i18n";
import { useFormat } from "~/i18n/format";
import { Foreign, loadTone, toneClass, useNow } from "~/ui";

import { ChartPanel } from "./chart-panel";
import { forecast } from "./forecast";
import styles from "./home.module.css";
import { messages } from "./messages";
import { type Allowance, shareOf, time, urgent } from "./overview";
import { near } from "./times";

const SHOWN = 9;
const MINUTE = 60_000;
/** What most upstreams count; other units are called as they call them. */
const CREDITS = /^credits?$/i;

/** What upstreams say is left, the first to run out first; each leads to its account. */
export function Allowances({ allowances }: { allowances: readonly Allowance[] }) {
  const t = useText(messages);
  const rows = urgent(allowances);
  const more = rows.length - SHOWN;
  return (
    <ChartPanel title={t("allowances")}>
      {rows.length === 0 && (
        <div className={styles.plot} data-empty>
          {t("noAllowances")}
        </div>
      )}
      <ul className={styles.rows}>
        {rows.slice(0, SHOWN).map((row) => (
          <AllowanceRow key={row.accountId} row={row} />
        ))}
      </ul>
      {more > 0 && (
        <Anchor component={Link} to="/accounts" size="sm">
          {t("more", { count: more })}
        </Anchor>
      )}
    </ChartPanel>
  );
}

function AllowanceRow({ row }: { row: Allowance }) {
  const t = useText(messages);
  const { number } = useFormat();
  const now = useNow(MINUTE);
  const { expected, runsOut } = forecast(row, now);
  const used = Math.min(1, shareOf(row));
  const tone = toneClass(runsOut === null ? loadTone(used) : "warn");
  return (
    <li>
      <div className={styles.rowHead}>
        <Anchor component={Link} to={`/accounts/${encodeURIComponent(row.accountId)}`} size="sm" className={styles.rowName}>
          <Foreign text={row.label} />
        </Anchor>
        <span className={styles.rowFigure}>{t("ofUnit", { used: number(row.used), limit: number(row.limit), unit: CREDITS.test(row.unit) ? t("unit.credits") : row.unit })}</span>
      </div>
      <div className={`${styles.bar} ${tone}`} aria-hidden>
        <span className={styles.used} style={{ width: `${used * 100}%` }} />
        <span className={styles.expected} style={{ width: `${expected * 100}%` }} />
      </div>
      {runsOut !== null && (
        <div className={styles.track} aria-hidden>
          <span className={styles.tick} style={{ insetInlineStart: `${runsOut * 100}%` }} />
        </div>
      )}
      <Note row={row} now={now} />
    </li>
  );
}

function Note({ row, now }: { row: Allowance; now: number }) {
  const t = useText(messages);
  const { locale, duration } = useFormat();
  const resets = row.resetsAt === null ? null : time(row.resetsAt);
  const ends = row.runsOutAt === null ? null : time(row.runsOutAt);
  const lasting = () => (row.perHour === null ? t("unsure") : resets === null || row.perHour <= 0 ? t("lastsOpen") : t("lasts"));
  const ending = (at: number) => {
    const said = near(at, now, locale);
    return resets === null ? t("runsOut", { time: said }) : t("runsOutEarly", { time: said, early: duration(resets - at) });
  };
  const forecasted = shareOf(row) >= 1 ? t("usedUp") : ends === null ? lasting() : ending(ends);
  return (
    <div className={styles.rowNote}>
      <span>{forecasted}</span>
      {resets !== null && <span>{t("resets", { time: near(resets, now, locale) })}</span>}
    </div>
  );
}
