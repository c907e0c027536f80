import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useDeferredValue, useMemo, useState } from "react";

import { useText } from "~/i18n";
import { useFormat } from "~/i18n/format";
import { CodeBlock, CopyButton } from "~/ui";

import { type Exchange, KEPT, type WireEvent } from "./exchange";
import { messages } from "./messages";
import styles from "./playground.module.css";

/** What goes over the wire: the request as it was sent, the answer's headers, and its events as they come. */
export function WireView({ exchange }: { exchange: Exchange }) {
  const t = useText(messages);
  const sent = [`POST ${exchange.url}`, ...Object.entries(exchange.headers).map((header) => header.join(": ")), "", exchange.body].join("\n");
  const got = [String(exchange.status), ...exchange.answerHeaders.map((header) => header.join(": "))].join("\n");
  return (
    <Stack gap="sm" align="stretch">
      <div>
        <Text size="xs" c="dimmed" mb={4}>{t("sent")}</Text>
        <CodeBlock text={sent} label={t("sent")} wrap height={220} />
      </div>
      {exchange.status !== null && (
        <div>
          <Text size="xs" c="dimmed" mb={4}>{t("headers")}</Text>
          <CodeBlock text={got} label={t("headers")} wrap height={140} />
        </div>
      )}
      <Events key={exchange.id} events={exchange.wire} count={exchange.events} />
    </Stack>
  );
}

/** More would make the page slow; the rest is a button away. */
const SHOWN = 200;

/** `count` grows with `events`, whose array stays the same. */
function Events({ events, count }: { events: readonly WireEvent[]; count: number }) {
  const t = useText(messages);
  const { number } = useFormat();
  const [filter, setFilter] = useState("");
  const [before, setBefore] = useState(0);
  const wanted = useDeferredValue(filter.trim().toLowerCase());
  const found = useMemo(
    () => (wanted ? events.slice(0, count).filter(({ raw }) => raw.toLowerCase().includes(wanted)) : events.slice(0, count)),
    [events, count, wanted],
  );
  const end = Math.max(0, found.length - before);
  const shown = found.slice(Math.max(0, end - SHOWN), end);
  const earlier = end - shown.length;
  return (
    <div>
      <Group justify="space-between" gap="xs" mb="xs" align="flex-end">
        <TextInput size="xs" label={t("filter")} value={filter} onChange={(event) => { setFilter(event.currentTarget.value); setBefore(0); }} />
        <Group gap="xs">
          <Text size="xs" c="dimmed">{t("events", { count, shown: number(found.length) })}</Text>
          <CopyButton text={() => found.map(({ raw }) => raw).join("\n\n")} />
        </Group>
      </Group>
      {count > KEPT && <Text size="xs" c="dimmed" mb="xs">{t("more", { count: number(KEPT) })}</Text>}
      <Group gap="xs">
        {earlier > 0 && <Button size="compact-xs" variant="default" onClick={() => setBefore(before + SHOWN)}>{t("earlier", { count: earlier })}</Button>}
        {before > 0 && <Button size="compact-xs" variant="default" onClick={() => setBefore(Math.max(0, before - SHOWN))}>{t("later")}</Button>}
      </Group>
      <ol className={styles.events} aria-label={t("wire")} start={earlier + 1}>
        {shown.map((event, index) => <EventRow key={earlier + index} event={event} />)}
      </ol>
    </div>
  );
}

function EventRow({ event }: { event: WireEvent }) {
  const { duration } = useFormat();
  const line = event.raw.replaceAll("\n", " ").slice(0, 200);
  return (
    <li>
      <details>
        <summary>
          <span className={styles.at}>{duration(event.at)}</span> <bdi>{line}</bdi>
        </summary>
        <pre>{event.raw}</pre>
      </details>
    </li>
  );
}
