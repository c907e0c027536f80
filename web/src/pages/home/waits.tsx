import { LineChart } from "@mantine/charts";
import { useNavigate } from "react-router";

import { useText } from "~/i18n";
import { useFormat } from "~/i18n/format";

import { ChartPanel } from "./chart-panel";
import styles from "./home.module.css";
import { messages } from "./messages";
import { type Hour, listed, time, whole } from "./overview";
import { dayHourOf, dayOf, hourOf } from "./times";
import { WaitTable } from "./wait-table";

const DAY_HOURS = 24;

/** How long clients wait for the first event of an answer, by the hour; each leads to its requests. */
export function Waits({ hours }: { hours: readonly Hour[] }) {
  const t = useText(messages);
  const known = hours.some((hour) => hour.p50 !== null);
  const legend = (
    <div className={styles.legend}>
      <span className={styles.legendItem}>
        <span className={styles.stroke} aria-hidden /> {t("median")}
      </span>
      <span className={styles.legendItem}>
        <span className={styles.stroke} data-dashed aria-hidden /> {t("slow")}
      </span>
    </div>
  );
  return (
    <ChartPanel title={t("waits")} legend={legend} table={<WaitTable hours={hours} />}>
      {known ? (
        <div className={styles.plot} role="img" aria-label={t("chart.waits")}>
          <Lines hours={hours} />
        </div>
      ) : (
        <div className={styles.plot} data-empty>
          {t("noWaits")}
        </div>
      )}
    </ChartPanel>
  );
}

function Lines({ hours }: { hours: readonly Hour[] }) {
  const t = useText(messages);
  const navigate = useNavigate();
  const { locale, duration } = useFormat();
  const week = hours.length > DAY_HOURS;
  const data = hours.map((hour) => ({ from: time(hour.start), p50: hour.p50, p95: hour.p95 }));
  const go = (index: unknown) => {
    const hour = hours[Number(index ?? -1)];
    if (hour) void navigate(listed(whole([hour])));
  };
  const r = week ? 1.5 : 2.5;
  return (
    <LineChart
      h="100%"
      data={data}
      dataKey="from"
      series={[
        { name: "p50", label: t("median"), color: "var(--accent)" },
        { name: "p95", label: t("slow"), color: "var(--note)", strokeDasharray: "5 3" },
      ]}
      accessibilityLayer={false}
      curveType="linear"
      strokeWidth={1.75}
      connectNulls={false}
      dotProps={{ r, strokeWidth: 0 }}
      activeDotProps={{ r: 4, strokeWidth: 0 }}
      tickLine="none"
      gridColor="var(--line)"
      valueFormatter={duration}
      lineChartProps={{ onClick: (state) => go(state.activeTooltipIndex), style: { cursor: "pointer" } }}
      xAxisProps={{ tickFormatter: (at: number) => (week ? dayOf : hourOf)(at, locale), minTickGap: 28, interval: "equidistantPreserveStart" }}
      yAxisProps={{ width: 44 }}
      tooltipProps={{ labelFormatter: (at) => typeof at === "number" && (week ? dayHourOf : hourOf)(at, locale), isAnimationActive: false }}
    />
  );
}
