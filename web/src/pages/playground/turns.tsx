import { ActionIcon, Button, Group, Select, Stack, Textarea } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";

import { useText } from "~/i18n";

import type { Role, Turn } from "./drafts";
import { messages } from "./messages";
import styles from "./playground.module.css";

interface TurnsProps {
  turns: readonly Turn[];
  onChange: (turns: readonly Turn[]) => void;
}

export const nextId = (turns: readonly Turn[]) => Math.max(0, ...turns.map(({ id }) => id)) + 1;

/** The conversation so far; every turn can be changed and taken away. */
export function Turns({ turns, onChange }: TurnsProps) {
  const t = useText(messages);
  const change = (id: number, made: Partial<Turn>) => onChange(turns.map((turn) => (turn.id === id ? { ...turn, ...made } : turn)));
  const last = turns.at(-1);
  const add = () => onChange([...turns, { id: nextId(turns), role: last?.role === "user" ? "assistant" : "user", text: "" }]);
  return (
    <Stack gap="xs" role="group" aria-label={t("conversation")}>
      {turns.map((turn, index) => (
        <TurnFields
          key={turn.id}
          turn={turn}
          number={index + 1}
          onChange={(made) => change(turn.id, made)}
          onRemove={turns.length > 1 ? () => onChange(turns.filter(({ id }) => id !== turn.id)) : undefined}
        />
      ))}
      <Button variant="default" size="compact-sm" className={styles.add} leftSection={<IconPlus size={16} aria-hidden />} onClick={add}>
        {t("addTurn")}
      </Button>
    </Stack>
  );
}

interface TurnFieldsProps {
  turn: Turn;
  number: number;
  onChange: (made: Partial<Turn>) => void;
  onRemove?: () => void;
}

function TurnFields({ turn, number, onChange, onRemove }: TurnFieldsProps) {
  const t = useText(messages);
  const roles: { value: Role; label: string }[] = [{ value: "user", label: t("user") }, { value: "assistant", label: t("assistant") }];
  return (
    <div className={styles.turn} data-role={turn.role}>
      <Group justify="space-between" gap="xs" mb={4}>
        <Select
          size="xs"
          w={128}
          aria-label={t("roleOf", { number })}
          data={roles}
          value={turn.role}
          allowDeselect={false}
          onChange={(role) => onChange({ role: role === "assistant" ? "assistant" : "user" })}
        />
        {onRemove && (
          <ActionIcon size="md" aria-label={t("removeTurn", { number })} onClick={onRemove}>
            <IconTrash size={16} />
          </ActionIcon>
        )}
      </Group>
      <Textarea
        aria-label={t("turn", { number })}
        placeholder={turn.role === "user" ? t("userHint") : t("assistantHint")}
        autosize
        minRows={2}
        maxRows={12}
        dir="auto"
        value={turn.text}
        onChange={(event) => onChange({ text: event.currentTarget.value })}
      />
    </div>
  );
}
