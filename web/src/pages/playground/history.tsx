import { Button, Group, Select } from "@mantine/core";

import { useText } from "~/i18n";
import { useFormat } from "~/i18n/format";

import type { Exchange } from "./exchange";
import { messages } from "./messages";

interface HistoryProps {
  exchanges: readonly Exchange[];
  shown: Exchange;
  onShow: (id: number) => void;
  onReuse: () => void;
}

/** What was sent in this visit. */
export function History({ exchanges, shown, onShow, onReuse }: HistoryProps) {
  const t = useText(messages);
  const { moment } = useFormat();
  const data = exchanges.map(({ id, sentAt, draft, state }) => ({
    value: String(id),
    label: `#${id} · ${moment(new Date(sentAt).toISOString(), "time")} · ${draft.model} · ${t(`state.${state}`)}`,
  }));
  return (
    <Group gap="xs" align="flex-end" mb="sm">
      <Select label={t("history")} data={data} value={String(shown.id)} allowDeselect={false} onChange={(id) => id && onShow(Number(id))} flex={1} miw={0} />
      <Button variant="default" onClick={onReuse}>{t("reuse")}</Button>
    </Group>
  );
}
