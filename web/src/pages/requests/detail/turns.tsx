import { Button, Text } from "@mantine/core";
import { useState } from "react";

import { useText } from "~/i18n";

import styles from "./detail.module.css";
import { messages } from "./messages";

/** As summarizer/originals.py spells it; other types are only named. */
interface Part {
  type: string;
  text?: string;
  name?: string;
  arguments?: unknown;
}

export interface Turn {
  role: string;
  parts: Part[];
}

/** So many are shown at first. */
const FEW = 20;

/** A conversation, or a part of one. */
export function Turns({ title, turns }: { title: string; turns: readonly Turn[] }) {
  const t = useText(messages);
  const [all, setAll] = useState(false);
  const rest = turns.length - FEW;
  return (
    <section aria-label={title}>
      <Text size="sm" fw={600} mt="sm" mb={4}>
        {title}
      </Text>
      {/* Scrolls, so the keyboard must reach it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <ol className={styles.turns} tabIndex={0}>
        {(all ? turns : turns.slice(0, FEW)).map((turn, place) => (
          <li key={place}>
            <TurnText turn={turn} />
          </li>
        ))}
      </ol>
      {rest > 0 && !all && (
        <Button variant="subtle" size="compact-sm" onClick={() => setAll(true)}>
          {t("original.rest", { count: rest })}
        </Button>
      )}
    </section>
  );
}

function TurnText({ turn }: { turn: Turn }) {
  const t = useText(messages);
  const spell = usePartText();
  const role = `role.${turn.role}`;
  return (
    <>
      <Text component="div" size="xs" c="dimmed">
        {role in messages.en ? t(role as "role.user") : turn.role}
      </Text>
      {turn.parts.map((part, place) => (
        <div key={place} className={styles.words} dir="auto">
          {spell(part)}
        </div>
      ))}
    </>
  );
}

function usePartText(): (part: Part) => string {
  const t = useText(messages);
  return ({ type, text, name, arguments: given }) => {
    if (type === "text") return text ?? "";
    if (type === "tool_call") return `[${t("original.call", { name: name ?? "" })}] ${typeof given === "string" ? given : JSON.stringify(given)}`;
    return type === "tool_result" ? `[${t("original.result")}] ${text ?? ""}` : `[${type}]`;
  };
}
