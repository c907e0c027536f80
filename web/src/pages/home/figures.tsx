import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { useFormat } from "~/i18n/format";
import { Money, Stat, Tokens } from "~/ui";

import styles from "./home.module.css";
import { messages } from "./messages";
import { type Overview, whole } from "./overview";

/** What is going on now, and what the span came to. */
export function Figures({ overview, open }: { overview: Overview; open: number }) {
  const t = useText(messages);
  const common = useCommon();
  const { number, percent } = useFormat();
  const { total, counts } = whole(overview.hours);
  const sum = (name: "tokens" | "cost") => overview.hours.reduce((all, hour) => all + hour[name], 0);
  return (
    <section className={styles.figures} aria-label={t("figures")}>
      <Stat label={t("open")} value={number(open)} />
      <Stat label={t("waiting")} value={number(overview.waiting)} />
      <Stat label={common("requests")} value={number(total)} />
      <Stat label={t("success")} value={total ? percent(counts.served / total) : "–"} />
      <Stat label={common("tokens")} value={<Tokens value={sum("tokens")} />} />
      <Stat label={common("cost")} value={<Money value={sum("cost")} />} />
    </section>
  );
}
