import { Radio, Stack, Text } from "@mantine/core";

import { useText } from "~/i18n";
import { Section } from "~/ui";

import { ChangedBy } from "./changed-by";
import { type Change, lastOf } from "./changes";
import { Conflicts } from "./conflicts";
import { MODES, type Settings, type Values } from "./fields";
import { Foot } from "./foot";
import { messages } from "./messages";
import styles from "./settings.module.css";
import { useSection } from "./use-section";

interface SectionProps {
  settings: Settings;
  changes: readonly Change[];
  isAdmin: boolean;
}

/** How accounts are chosen. */
export function SchedulingSection({ settings, changes, isAdmin }: SectionProps) {
  const t = useText(messages);
  const section = useSection(settings, t("saved"));
  const chosen = String(section.value("schedulingMode"));
  return (
    <Section title={t("scheduling")} panel>
      <Stack gap="sm">
        <Radio.Group
          label={t("schedulingMode")}
          description={t("scheduling.text")}
          value={chosen}
          onChange={(mode) => section.set("schedulingMode", mode as Values["schedulingMode"])}
          error={section.errors.schedulingMode}
        >
          <div className={styles.modes}>
            {MODES.map((mode) => (
              <Radio.Card key={mode} value={mode} className={styles.mode} disabled={!isAdmin || section.busy} aria-label={t(`mode.${mode}`)} aria-describedby={`mode-${mode}`}>
                <Radio.Indicator className={styles.dot} />
                <div>
                  <Text component="div" fw={600} size="sm">
                    {t(`mode.${mode}`)}
                  </Text>
                  <Text component="div" size="sm" c="dimmed" id={`mode-${mode}`}>
                    {t(`mode.${mode}.text`)}
                  </Text>
                </div>
              </Radio.Card>
            ))}
          </div>
        </Radio.Group>
        <Text component="div" size="xs" c="dimmed">
          {t("default", { value: t("mode.smart") })}
          <ChangedBy change={lastOf(changes, "schedulingMode")} />
        </Text>
        <Conflicts section={section} settings={settings} changes={changes} />
        <Foot section={section} isAdmin={isAdmin} />
      </Stack>
    </Section>
  );
}
