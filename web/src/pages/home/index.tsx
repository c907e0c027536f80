import "@mantine/charts/styles.css";

import { Button, SegmentedControl } from "@mantine/core";
import { IconWand } from "@tabler/icons-react";
import { Link, Navigate } from "react-router";

import { useSession } from "~/api/session";
import { useText } from "~/i18n";
import { EmptyState, ErrorState, PageHeader, useUrlState } from "~/ui";

import { Allowances } from "./allowances";
import { Figures } from "./figures";
import { Footing } from "./footing";
import styles from "./home.module.css";
import { useOverview } from "./live";
import { messages } from "./messages";
import { Outcomes } from "./outcomes";
import type { Overview } from "./overview";
import { Sentence } from "./sentence";
import { Skeletons } from "./skeletons";
import { Spending } from "./spending";
import { Waits } from "./waits";
import { guideWasLeft } from "../welcome/left";

const HOURS: Readonly<Record<string, number>> = { "24h": 24, "7d": 168 };

/** The first page: how it stands in one sentence, what goes on, and what the last hours were like. */
export default function Home() {
  const t = useText(messages);
  const { isAdmin } = useSession();
  const [{ span }, change] = useUrlState(["span"]);
  const chosen = span in HOURS ? span : "24h";
  const { query, open } = useOverview(HOURS[chosen] ?? 24);
  const { data, error } = query;
  if (data && isAdmin && isUntouched(data) && !guideWasLeft()) return <Navigate to="/welcome" replace />;
  const spans = Object.keys(HOURS).map((value) => ({ value, label: t(value === "7d" ? "span.7d" : "span.24h") }));
  return (
    <>
      <PageHeader
        title={t("title")}
        actions={<SegmentedControl aria-label={t("span")} data={spans} value={chosen} onChange={(value) => change({ span: value === "24h" ? "" : value })} />}
      />
      {error && <ErrorState error={error} retry={() => void query.refetch()} />}
      {data ? <Content overview={data} open={open} /> : !error && <Skeletons />}
    </>
  );
}

const isUntouched = ({ firstRun }: Overview): boolean => !firstRun.account && !firstRun.key && !firstRun.request;

function Content({ overview, open }: { overview: Overview; open: number }) {
  return (
    <>
      <Sentence overview={overview} />
      {overview.firstRun.request ? (
        <>
          <Figures overview={overview} open={open} />
          <div className={styles.grid}>
            <Outcomes hours={overview.hours} />
            <Waits hours={overview.hours} />
            <Allowances allowances={overview.allowances} />
            <Spending spend={overview.spend} />
          </div>
        </>
      ) : (
        <NothingYet />
      )}
      <Footing overview={overview} />
    </>
  );
}

function NothingYet() {
  const t = useText(messages);
  const { isAdmin } = useSession();
  const guide = (
    <Button component={Link} to="/welcome" leftSection={<IconWand size={16} aria-hidden />} mt="xs">
      {t("empty.action")}
    </Button>
  );
  return <EmptyState icon={IconWand} title={t("empty.title")} text={isAdmin ? t("empty.text") : t("empty.viewer")} action={isAdmin && guide} />;
}
