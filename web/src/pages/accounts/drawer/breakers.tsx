import { Text } from "@mantine/core";

import { useText } from "~/i18n";
import { type Column, Countdown, DataTable, Foreign, Section } from "~/ui";

import { useCause } from "../causes";
import type { Account } from "../kinds";
import { messages } from "./messages";

type Breaker = Account["breakers"][number];

/** What rests the account or one of its models, and for how long. */
export function Breakers({ account }: { account: Account }) {
  const t = useText(messages);
  const cause = useCause();
  const columns: Column<Breaker>[] = [
    { id: "cause", header: t("cause"), cell: (one) => <span title={one.reason}>{cause(one.cause)}</span> },
    { id: "scope", header: t("scope"), cell: (one) => (one.model === null ? t("whole") : <Foreign text={one.model} mono />) },
    { id: "state", header: t("state"), cell: (one) => t(`state.${one.state}`) },
    { id: "returns", header: t("returns"), cell: (one) => (one.state === "open" ? <Countdown until={one.until} /> : "–"), align: "right" },
  ];
  return (
    <Section title={t("breakers")}>
      {account.breakers.length ? (
        <DataTable items={account.breakers} columns={columns} label={t("breakers")} rowId={(one) => `${one.cause}/${one.model ?? ""}`} />
      ) : (
        <Text size="sm" c="dimmed">
          {t("noBreakers")}
        </Text>
      )}
    </Section>
  );
}
