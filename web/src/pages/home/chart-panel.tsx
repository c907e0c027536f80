import { ActionIcon, Title, Tooltip } from "@mantine/core";
import { IconChartBar, IconTable } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";

import { useText } from "~/i18n";

import styles from "./home.module.css";
import { messages } from "./messages";

interface ChartPanelProps {
  title: string;
  /** Above the chart: what its colours mean. */
  legend?: ReactNode;
  /** The same figures in rows, for those who do not see or point. */
  table?: ReactNode;
  children: ReactNode;
}

/** A box with a chart that can be read as a table too; its height is the same for both. */
export function ChartPanel({ title, legend, table, children }: ChartPanelProps) {
  const t = useText(messages);
  const [asTable, setAsTable] = useState(false);
  const act = asTable ? t("asChart", { title }) : t("asTable", { title });
  return (
    <section className={styles.chart} aria-label={title}>
      <div className={styles.chartHead}>
        <Title order={2}>{title}</Title>
        {table && (
          <Tooltip label={act}>
            <ActionIcon size="md" aria-label={act} onClick={() => setAsTable(!asTable)}>
              {asTable ? <IconChartBar size={16} /> : <IconTable size={16} />}
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      {legend}
      {asTable ? <div className={styles.tableBox}>{table}</div> : children}
    </section>
  );
}
