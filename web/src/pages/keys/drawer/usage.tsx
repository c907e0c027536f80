import "@mantine/charts/styles.css";

import { BarChart } from "@mantine/charts";
import { SegmentedControl, Text } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconChartBar } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, of, type Schema } from "~/api/client";
import { useEvent } from "~/api/events";
import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { useFormat } from "~/i18n/format";
import { EmptyState, Loaded, Section } from "~/ui";

import { messages } from "../messages";
import { byDay, keyOf, type Measure, MEASURES } from "./days";

const HEIGHT = 260;
const COLOURS = ["var(--accent)", "var(--ok)", "var(--note)", "var(--warn)", "var(--off)"];
/** What has ended is summed up a moment later. */
const SETTLE_MS = 1500;

/** What a key was used for in the last 30 days. */
export function UsageOfKey({ id }: { id: string }) {
  const t = useText(messages);
  const word = useCommon();
  const client = useQueryClient();
  const [what, setWhat] = useState<Measure>("tokens");
  const queryKey = ["usage", { by: "model", keyId: id }];
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => of(api.GET("/api/usage", { params: { query: { period: "day", by: "model", keyId: id } }, signal })),
    staleTime: 0,
  });
  const refresh = useDebouncedCallback(() => void client.invalidateQueries({ queryKey }), SETTLE_MS);
  useEvent("request", (row) => (row.keyId === id ? refresh() : undefined));
  const measures = MEASURES.map((value) => ({ value, label: word(value) }));
  return (
    <Section
      title={t("last30")}
      actions={<SegmentedControl size="xs" aria-label={t("measure")} data={measures} value={what} onChange={(value) => setWhat(value as Measure)} />}
    >
      <Loaded query={query}>{(usage) => <Chart usage={usage} what={what} />}</Loaded>
    </Section>
  );
}

function Chart({ usage, what }: { usage: Schema<"UsageOverTime">; what: Measure }) {
  const t = useText(messages);
  const word = useCommon();
  const { moment, money, number, tokens } = useFormat();
  const write = { requests: number, tokens, cost: money }[what];
  const { series, rows, total } = byDay(usage, what, t("noModel"), t("otherModels"));
  if (total === 0) return <EmptyState icon={IconChartBar} title={t("nothingUsed")} />;
  const said = t("chart", { what: word(what), total: write(total) });
  return (
    <>
      <div role="img" aria-label={said}>
        <BarChart
          h={HEIGHT}
          data={rows.map((row) => ({ ...row, day: moment(`${row.day}T12:00:00Z`, "day") }))}
          dataKey="day"
          type="stacked"
          series={series.map((label, index) => ({ name: keyOf(index), label, color: COLOURS[index] ?? "var(--off)" }))}
          valueFormatter={write}
          withLegend={series.length > 1}
          legendProps={{ verticalAlign: "bottom" }}
          barProps={{ isAnimationActive: false }}
          xAxisProps={{ minTickGap: 24 }}
        />
      </div>
      <Text size="xs" c="dimmed" mt="xs">
        {said}
      </Text>
    </>
  );
}
