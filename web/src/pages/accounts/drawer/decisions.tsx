import { Anchor } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconRoute } from "@tabler/icons-react";
import { Link } from "react-router";

import { call, type Schema } from "~/api/client";
import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { useFormat } from "~/i18n/format";
import { type Column, DataTable, EmptyState, Foreign, Loaded, Moment } from "~/ui";

import { useCause, useReason } from "../causes";
import type { Account } from "../kinds";
import styles from "./drawer.module.css";
import { messages } from "./messages";
import { type Decision, verdict } from "./verdict";

/** How the account fared when it could have been chosen: why it was, or was not. */
export function Decisions({ account }: { account: Account }) {
  const query = useQuery({
    queryKey: ["decisions", account.id],
    queryFn: () => call<Schema<"DecisionList">>("GET", `/api/accounts/${encodeURIComponent(account.id)}/decisions`),
    staleTime: 0,
  });
  return <Loaded query={query}>{({ decisions }) => <Choices account={account} decisions={decisions} />}</Loaded>;
}

type RuleName = Extract<keyof typeof messages.en, `rule.${string}`>;
const known = (name: string): name is RuleName => name in messages.en;

/** How the record tells of a rest: "unavailable, 2 in a row". */
const STRIKES = /^(\w+), (\d+) in a row$/;

/** Why a choice ended as it did, in words. */
function useWhy(): (one: Decision) => string {
  const t = useText(messages);
  const cause = useCause();
  return ({ result, rule, value }) => {
    if (result !== "excluded") return t(`why.${result}`);
    const name = `rule.${rule}`;
    const said = known(name) ? t(name) : (rule ?? "");
    const strikes = STRIKES.exec(value ?? "");
    const detail = strikes ? t("dec.row", { cause: cause(strikes[1] ?? ""), times: strikes[2] ?? "" }) : value;
    return detail ? `${said} (${detail})` : said;
  };
}

function Choices({ account, decisions }: { account: Account; decisions: readonly Decision[] }) {
  const t = useText(messages);
  const word = useCommon();
  const why = useWhy();
  const { number } = useFormat();
  const columns: Column<Decision & { place: number }>[] = [
    { id: "at", header: word("time"), cell: (one) => <Moment at={one.receivedAt} /> },
    { id: "model", header: t("dec.asked"), cell: (one) => <Foreign text={one.askedModel} mono /> },
    { id: "result", header: t("dec.result"), cell: (one) => <b>{t(`result.${one.result}`)}</b> },
    { id: "why", header: t("dec.why"), cell: (one) => <Why said={why(one)} score={one.score === null ? null : t("dec.score", { score: number(one.score) })} /> },
    { id: "winner", header: t("dec.winner"), cell: (one) => <Winner one={one} self={account.id} /> },
    { id: "request", header: t("dec.request"), cell: (one) => <RequestLink id={one.requestId} /> },
  ];
  const rows = decisions.map((one, place) => ({ ...one, place }));
  return (
    <>
      <Sentence account={account} decisions={decisions} />
      <DataTable
        items={rows}
        columns={columns}
        label={t("tab.decisions")}
        rowId={(one) => String(one.place)}
        empty={<EmptyState icon={IconRoute} title={t("dec.empty")} text={t("dec.emptyText")} />}
      />
    </>
  );
}

function Sentence({ account, decisions }: { account: Account; decisions: readonly Decision[] }) {
  const t = useText(messages);
  const why = useWhy();
  const reason = useReason();
  const found = verdict(account, decisions);
  const say = () => {
    if (found.say === "cooling") return t("say.cooling", { reason: reason(account) || "…" });
    if (found.say === "excluded") return t("say.excluded", { total: found.total, reason: why(found.why) });
    if (found.say === "used") {
      const { total, chosen } = found;
      return found.why ? t("say.usedMostly", { total, chosen, reason: why(found.why) }) : t("say.used", { total, chosen });
    }
    return "total" in found ? t(`say.${found.say}`, { total: found.total }) : t(`say.${found.say}`);
  };
  return (
    <p className={styles.verdict} role="status">
      <bdi>{say()}</bdi>
    </p>
  );
}

function Why({ said, score }: { said: string; score: string | null }) {
  return (
    <div>
      <Foreign text={said} lines={2} />
      {score && <div className={styles.note}>{score}</div>}
    </div>
  );
}

function Winner({ one, self }: { one: Decision; self: string }) {
  const t = useText(messages);
  if (!one.winner) return t("dec.nobody");
  if (one.winner.accountId === self) return t("dec.self");
  if (one.winner.label === null) return t("dec.gone");
  return (
    <Anchor component={Link} to={`/accounts/${encodeURIComponent(one.winner.accountId)}?tab=decisions`} fz="inherit">
      <Foreign text={one.winner.label} />
    </Anchor>
  );
}

function RequestLink({ id }: { id: string }) {
  return (
    <Anchor component={Link} to={`/requests/${encodeURIComponent(id)}`} fz="inherit" ff="monospace" title={id}>
      {id.slice(-8)}
    </Anchor>
  );
}
