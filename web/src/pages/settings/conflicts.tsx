import { Alert, Button, Group, Stack } from "@mantine/core";
import { IconArrowsSplit2 } from "@tabler/icons-react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";

import { type Change, lastOf } from "./changes";
import type { Name, Settings } from "./fields";
import { messages } from "./messages";
import type { SectionState } from "./use-section";

interface ConflictsProps {
  section: SectionState;
  settings: Settings;
  changes: readonly Change[];
}

/** What somebody else has changed while it was edited here: whose value shall it be? */
export function Conflicts({ section, settings, changes }: ConflictsProps) {
  const t = useText(messages);
  const said = useValueText(settings);
  return section.conflicts.map((name) => (
    <Alert key={name} role="alert" color="yellow" variant="light" icon={<IconArrowsSplit2 size={18} />}>
      <Stack gap="xs" align="flex-start">
        <bdi>{t("conflict", { field: t(name), who: lastOf(changes, name)?.actor ?? t("somebody"), value: said(name) })}</bdi>
        <Group gap="xs">
          <Button variant="default" onClick={() => section.keep(name)}>
            {t("keep")}
          </Button>
          <Button variant="default" onClick={() => section.drop(name)}>
            {t("take")}
          </Button>
        </Group>
      </Stack>
    </Alert>
  ));
}

function useValueText(settings: Settings) {
  const t = useText(messages);
  const common = useCommon();
  return (name: Name): string => {
    if (name === "schedulingMode") return t(`mode.${settings.schedulingMode}`);
    const value = settings[name];
    if (value === null) return t("half");
    return typeof value === "boolean" ? common(value ? "yes" : "no") : String(value);
  };
}
