import { useText } from "~/i18n";
import { useFormat } from "~/i18n/format";
import { useNow } from "~/ui";

import styles from "./home.module.css";
import { messages } from "./messages";
import { type Overview, time } from "./overview";

const MINUTE = 60_000;

/** The last line: which release runs, since when, and what is not as it should be with its records. */
export function Footing({ overview }: { overview: Overview }) {
  const t = useText(messages);
  const { duration } = useFormat();
  const now = useNow(MINUTE);
  const { version, startedAt, backlog, gaps } = overview;
  return (
    <footer className={styles.foot}>
      <span>{t("version", { version })}</span>
      <span>{t("upFor", { time: duration(Math.max(MINUTE, now - time(startedAt))) })}</span>
      {backlog > 0 && <span>{t("backlog", { count: backlog })}</span>}
      {gaps > 0 && <span>{t("gaps", { count: gaps })}</span>}
    </footer>
  );
}
