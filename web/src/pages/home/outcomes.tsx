import { BarChart } from "@mantine/charts";
import { useNavigate } from "react-router";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { useFormat } from "~/i18n/format";

import { ChartPanel } from "./chart-panel";
import styles from "./home.module.css";
import { Legend } from "./legend";
import { messages } from "./messages";
import { OutcomeTable } from "./outcome-table";
import { type Ending, ENDINGS, type Hour, listed, type Slot, slots, whole } from "./overview";
import { dayHourOf, dayOf, hourOf } from "./times";

export const COLOURS: Record<Ending, string> = { served: "var(--ok)", cancelled: "var(--off)", cut: "var(--warn)", failed: "var(--bad)" };
/** A few failures among thousands must be seen, and met with the pointer. */
const LEAST_PX = 3;
const DAY_HOURS = 24;
/** Hours in one bar of a week. */
const WIDE = 4;

/** Requests by the hour, in a week by four of them; each part of a bar leads to its requests. */
export function Outcomes({ hours }: { hours: readonly Hour[] }) {
  const t = useText(messages);
  const common = useCommon();
  const { number } = useFormat();
  const bars = slots(hours, hours.length > DAY_HOURS ? WIDE : 1);
  const all = whole(hours);
  const parts = ENDINGS.map((ending) => t("chart.part", { count: number(all.counts[ending]), name: common(`ending.${ending}`) })).join(", ");
  return (
    <ChartPanel title={t("outcomes")} legend={<Legend all={all} />} table={<OutcomeTable bars={bars} />}>
      {all.total === 0 ? (
        <div className={styles.plot} data-empty>
          {t("none")}
        </div>
      ) : (
        <div className={styles.plot} role="img" aria-label={t("chart.outcomes", { count: all.total, parts })}>
          <Bars bars={bars} week={hours.length > DAY_HOURS} />
        </div>
      )}
    </ChartPanel>
  );
}

type Clicked = { payload?: { slot?: Slot } };

function Bars({ bars, week }: { bars: readonly Slot[]; week: boolean }) {
  const common = useCommon();
  const navigate = useNavigate();
  const { locale, number } = useFormat();
  const data = bars.map((slot) => ({ from: slot.from, ...slot.counts, slot }));
  const go = (ending: Ending, { payload }: Clicked) => {
    if (payload?.slot) void navigate(listed(payload.slot, ending));
  };
  return (
    <BarChart
      h="100%"
      type="stacked"
      data={data}
      dataKey="from"
      series={ENDINGS.map((ending) => ({ name: ending, label: common(`ending.${ending}`), color: COLOURS[ending] }))}
      accessibilityLayer={false}
      tickLine="none"
      gridColor="var(--line)"
      cursorFill="var(--track)"
      valueFormatter={number}
      xAxisProps={{ tickFormatter: (at: number) => (week ? dayOf : hourOf)(at, locale), minTickGap: 28, interval: "equidistantPreserveStart" }}
      yAxisProps={{ width: 36, allowDecimals: false }}
      tooltipProps={{ labelFormatter: (at) => typeof at === "number" && (week ? dayHourOf : hourOf)(at, locale), isAnimationActive: false }}
      barProps={({ name }) => ({
        cursor: "pointer",
        radius: 0,
        isAnimationActive: false,
        // What it is called with is the sum of the stack.
        minPointSize: (_: unknown, index: number) => (bars[index]?.counts[name as Ending] ? LEAST_PX : 0),
        onClick: (bar: Clicked) => go(name as Ending, bar),
      })}
    />
  );
}
