import { Button, Text } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useState } from "react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { Badge, type Column, DataTable, Foreign, Moment } from "~/ui";

import type { Labels } from "../detail/labels";
import styles from "./decision.module.css";
import { messages } from "./messages";
import { type Candidate, type Chose, partsOf } from "./steps";
import { useWords } from "./words";

/** Who could serve, and what spoke for each. */
export function Scores({ step, labels }: { step: Chose; labels: Labels }) {
  const t = useText(messages);
  const common = useCommon();
  const words = useWords();
  const scored = step.candidates.filter(({ score }) => score).sort((a, b) => (b.score?.sum ?? 0) - (a.score?.sum ?? 0));
  if (scored.length === 0) return null;
  const part = (name: string): Column<Candidate> => ({
    id: name,
    header: words.part(name),
    align: "right",
    cell: ({ score }) => (score?.[name] ?? 0).toFixed(3),
    sort: ({ score }) => score?.[name] ?? 0,
  });
  const columns: Column<Candidate>[] = [
    { id: "account", header: common("account"), cell: ({ id }) => <Who id={id} won={id === step.accountId} labels={labels} /> },
    ...partsOf(scored).map(part),
    part("sum"),
  ];
  return <Some label={t("scores")} items={scored} columns={columns} first={step.accountId} />;
}

function Who({ id, won, labels }: { id: string; won: boolean; labels: Labels }) {
  const t = useText(messages);
  return (
    <span className={styles.who}>
      <Foreign text={labels(id)} />
      {won && (
        <Badge tone="ok" icon={IconCheck}>
          {t("winner")}
        </Badge>
      )}
    </span>
  );
}

/** Who could not, and by which rule. */
export function Exclusions({ step, labels }: { step: Chose; labels: Labels }) {
  const t = useText(messages);
  const common = useCommon();
  const words = useWords();
  const out = step.candidates.flatMap(({ id, exclusion }) => (exclusion ? [{ id, exclusion }] : []));
  if (out.length === 0) return null;
  type Out = (typeof out)[number];
  const columns: Column<Out>[] = [
    { id: "account", header: common("account"), width: "35%", cell: ({ id }) => <Foreign text={labels(id)} />, sort: ({ id }) => labels(id) },
    { id: "rule", header: t("column.rule"), cell: ({ exclusion }) => <Rule said={words.rule(exclusion.rule)} value={words.value(exclusion)} />, sort: ({ exclusion }) => exclusion.rule },
    { id: "until", header: t("column.until"), align: "right", cell: ({ exclusion }) => <Moment at={exclusion.until} style="time" /> },
  ];
  return <Some label={t("exclusions")} items={out} columns={columns} />;
}

function Rule({ said, value }: { said: string; value: string }) {
  return (
    <span>
      {said}
      {value && (
        <Text component="span" size="xs" c="dimmed" ml={6}>
          <bdi>{value}</bdi>
        </Text>
      )}
    </span>
  );
}

/** So many are shown at first: pools have hundreds. */
const FEW = 12;

interface SomeProps<Item> {
  label: string;
  items: readonly Item[];
  columns: readonly Column<Item>[];
  /** Marked, and among those that are shown. */
  first?: string | null;
}

function Some<Item extends { id: string }>({ label, items, columns, first }: SomeProps<Item>) {
  const t = useText(messages);
  const [all, setAll] = useState(false);
  const few = items.filter((item, place) => place < FEW || item.id === first);
  const rest = items.length - few.length;
  return (
    <div className={styles.candidates}>
      <DataTable items={all ? items : few} columns={columns} label={label} rowId={(item) => item.id} openId={first} />
      {rest > 0 && !all && (
        <Button variant="subtle" size="compact-sm" mt={4} onClick={() => setAll(true)}>
          {t("rest", { count: rest })}
        </Button>
      )}
    </div>
  );
}
