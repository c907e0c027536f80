import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";

import { useText } from "~/i18n";

import { marksOf, removedOf } from "./draft";
import { messages } from "./messages";
import styles from "./models.module.css";
import type { Editing } from "./use-editing";

/** That something is unsaved, and what to do with it; stays in sight while the list is scrolled. */
export function SaveBar({ editing }: { editing: Editing }) {
  const t = useText(messages);
  const { draft, dirty, busy, outdated, save, discard, overwrite } = editing;
  if (!dirty) return null;
  const removed = removedOf(draft).map(({ name }) => name);
  const count = removed.length + [...marksOf(draft).values()].filter((mark) => mark !== null).length;
  return (
    <div className={styles.bar} role="status">
      <Group justify="space-between">
        <div>
          <Text fw={600} size="sm">
            {t("unsaved", { count })}
          </Text>
          {removed.length > 0 && (
            <Text component="div" size="xs" c="dimmed">
              <bdi>{t("removed", { count: removed.length, names: removed.join(", ") })}</bdi>
            </Text>
          )}
        </div>
        <Group gap="xs">
          <Button variant="default" disabled={busy} onClick={discard}>
            {t("discard")}
          </Button>
          <Button loading={busy} disabled={outdated} onClick={() => void save()}>
            {t("save.routes")}
          </Button>
        </Group>
      </Group>
      {outdated && (
        <Alert role="alert" color="yellow" variant="light" icon={<IconAlertTriangle size={18} />} mt="sm">
          <Stack gap="xs" align="flex-start">
            <span>{t("outdated")}</span>
            <Group gap="xs">
              <Button variant="default" onClick={discard}>
                {t("startAnew")}
              </Button>
              <Button variant="default" onClick={overwrite}>
                {t("overwrite")}
              </Button>
            </Group>
          </Stack>
        </Alert>
      )}
    </div>
  );
}
