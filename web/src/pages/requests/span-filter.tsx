import { Button, Group, Popover, Select, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";

import { useText } from "~/i18n";
import { useFormat } from "~/i18n/format";

import { type Filters, isSpan, SPANS, type Span } from "./filters";
import { messages } from "./messages";

const OWN = "own";

interface SpanFilterProps {
  filters: Pick<Filters, "span" | "from" | "to">;
  change: (wanted: Partial<Filters>) => void;
}

/** When requests were received: the last so many hours, or between two times. */
export function SpanFilter({ filters, change }: SpanFilterProps) {
  const t = useText(messages);
  const own = useOwnSpan(filters);
  const [asking, setAsking] = useState(false);
  const value = isSpan(filters.span) ? filters.span : filters.from || filters.to ? OWN : null;
  const choose = (wanted: string | null) => {
    if (wanted === OWN) return setAsking(true);
    change({ span: wanted ?? "", from: "", to: "" });
  };
  return (
    <Popover opened={asking} onChange={setAsking} position="bottom-start" shadow="md" trapFocus withRoles={false}>
      <Popover.Target>
        <Select
          w={{ base: undefined, xs: value === OWN ? 260 : 170 }}
          flex={{ base: "1 1 8rem", xs: "none" }}
          aria-label={t("filter.span")}
          placeholder={t("filter.span")}
          data={[...(Object.keys(SPANS) as Span[]).map((span) => ({ value: span, label: t(`span.${span}`) })), { value: OWN, label: own ?? t("span.own") }]}
          value={value}
          onChange={choose}
          onOptionSubmit={(wanted) => wanted === OWN && setAsking(true)}
          allowDeselect={false}
          clearable
        />
      </Popover.Target>
      <Popover.Dropdown role="dialog" aria-label={t("span.title")}>
        {asking && (
          <OwnSpan
            from={filters.from}
            to={filters.to}
            apply={(from, to) => {
              setAsking(false);
              change({ span: "", from, to });
            }}
          />
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

/** What the chosen times are called. */
function useOwnSpan({ from, to }: Pick<Filters, "from" | "to">): string | null {
  const t = useText(messages);
  const { moment } = useFormat();
  const said = (time: string) => (Number.isNaN(Date.parse(time)) ? time : moment(time));
  if (from && to) return t("span.between", { from: said(from), to: said(to) });
  if (from) return t("span.since", { from: said(from) });
  return to ? t("span.until", { to: said(to) }) : null;
}

function OwnSpan({ from, to, apply }: { from: string; to: string; apply: (from: string, to: string) => void }) {
  const t = useText(messages);
  const [begin, setBegin] = useState(local(from));
  const [end, setEnd] = useState(local(to));
  const wrong = begin !== "" && end !== "" && end <= begin;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!wrong) apply(universal(begin), universal(end));
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="xs">
        <Text size="sm" fw={600}>
          {t("span.title")}
        </Text>
        <Group gap="xs" align="flex-start">
          <TextInput type="datetime-local" label={t("span.from")} data-autofocus value={begin} onChange={(event) => setBegin(event.currentTarget.value)} />
          <TextInput type="datetime-local" label={t("span.to")} error={wrong && t("span.order")} value={end} onChange={(event) => setEnd(event.currentTarget.value)} />
        </Group>
        <Button type="submit" disabled={wrong || (!begin && !end)}>
          {t("span.apply")}
        </Button>
      </Stack>
    </form>
  );
}

/** A time as the browser's fields have it, in its time zone: 2026-03-01T09:30. */
function local(time: string): string {
  const at = new Date(time);
  if (!time || Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

const universal = (time: string): string => (time && !Number.isNaN(Date.parse(time)) ? new Date(time).toISOString() : "");
