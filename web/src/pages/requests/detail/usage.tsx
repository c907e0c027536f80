import type { Schema } from "~/api/client";
import { useText } from "~/i18n";
import { useFormat } from "~/i18n/format";
import { type Column, DataTable } from "~/ui";

import { useCredits } from "../figures";
import { messages } from "./messages";

interface Figure {
  name: keyof Schema<"UsageRead"> | "cost";
  amount: string;
  source: string;
  part: boolean;
}

/** What was used, and how far each figure can be trusted. */
export function UsageTable({ request }: { request: Schema<"RequestDetail"> }) {
  const t = useText(messages);
  const figures = useFigures(request);
  const columns: Column<Figure>[] = [
    { id: "what", header: t("usage.what"), cell: ({ name, part }) => <span style={{ paddingInlineStart: part ? "1.25rem" : 0 }}>{t(`usage.${name}` as "usage.input")}</span> },
    { id: "amount", header: t("usage.amount"), align: "right", cell: ({ amount }) => amount },
    { id: "source", header: t("usage.source"), cell: ({ source }) => source },
  ];
  return <DataTable items={figures} columns={columns} label={t("usage")} rowId={({ name }) => name} />;
}

function useFigures({ usage, cost }: Schema<"RequestDetail">): Figure[] {
  const t = useText(messages);
  const { number, money } = useFormat();
  const credits = useCredits();
  const said = (source: string) => {
    const name = `source.${source}`;
    return name in messages.en ? t(name as "source.upstream") : source;
  };
  const count = (name: keyof Schema<"UsageRead">, source: string, part = false): Figure => ({ name, amount: number(Number(usage[name])), source, part });
  return [
    count("input", said(usage.inputSource)),
    count("cacheRead", said(usage.inputSource), true),
    count("cacheWrite", said(usage.inputSource), true),
    count("output", said(usage.outputSource)),
    count("reasoning", said(usage.outputSource), true),
    { name: "credits", amount: credits(usage.credits), source: said(usage.creditsSource), part: false },
    { name: "cost", amount: money(cost), source: t("source.prices"), part: false },
    ...(usage.searches > 0 ? [count("searches", t("source.counted"))] : []),
  ];
}
