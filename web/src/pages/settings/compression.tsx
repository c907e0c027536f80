import { Anchor, Autocomplete, Stack, Switch, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import { api, of } from "~/api/client";
import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { Section } from "~/ui";

import { ChangedBy } from "./changed-by";
import { type Change, lastOf } from "./changes";
import { Conflicts } from "./conflicts";
import { GROUPS, type GroupName, type Settings } from "./fields";
import { Foot } from "./foot";
import { messages } from "./messages";
import { isOutside, NumberSetting } from "./number-setting";
import styles from "./settings.module.css";
import { type SectionState, useSection } from "./use-section";

interface SectionProps {
  settings: Settings;
  changes: readonly Change[];
  isAdmin: boolean;
}

const USUAL_MODEL = "claude-haiku-4.5";

/** How long conversations are shortened. */
export function CompressionSection({ settings, changes, isAdmin }: SectionProps) {
  const t = useText(messages);
  const section = useSection(settings, t("saved"));
  const locked = !isAdmin || section.busy;
  const wrong = Object.values(GROUPS).some((group) => group.some((field) => isOutside(field, section.value(field.name))));
  const more = (
    <Anchor component={Link} to="/docs#compression" fz="sm">
      {t("more")}
    </Anchor>
  );
  return (
    <Section title={t("compression")} actions={more} panel>
      <Stack gap="lg">
        <Enabled section={section} changes={changes} locked={locked} />
        {(Object.keys(GROUPS) as GroupName[]).map((group) => (
          <div key={group} role="group" aria-label={t(`group.${group}`)}>
            <Title order={3} mb="xs">
              {t(`group.${group}`)}
            </Title>
            <div className={styles.fields}>
              {group === "how" && <SummaryModel section={section} changes={changes} locked={locked} />}
              {GROUPS[group].map((field) => (
                <NumberSetting key={field.name} field={field} section={section} change={lastOf(changes, field.name)} locked={locked} />
              ))}
            </div>
          </div>
        ))}
        <Conflicts section={section} settings={settings} changes={changes} />
        <Foot section={section} isAdmin={isAdmin} wrong={wrong} />
      </Stack>
    </Section>
  );
}

interface PartProps {
  section: SectionState;
  changes: readonly Change[];
  locked: boolean;
}

function Enabled({ section, changes, locked }: PartProps) {
  const t = useText(messages);
  const common = useCommon();
  const hint = (
    <>
      {t("compression.text")} {t("default", { value: common("yes") })}
      <ChangedBy change={lastOf(changes, "compressionEnabled")} />
    </>
  );
  return (
    <Switch
      label={t("compressionEnabled")}
      description={hint}
      error={section.errors.compressionEnabled && t("forbidden")}
      checked={section.value("compressionEnabled") !== false}
      disabled={locked}
      onChange={(event) => section.set("compressionEnabled", event.currentTarget.checked)}
    />
  );
}

function SummaryModel({ section, changes, locked }: PartProps) {
  const t = useText(messages);
  const { data } = useQuery({ queryKey: ["models", "list", {}], queryFn: () => of(api.GET("/api/models", { params: { query: { limit: 500 } } })) });
  const value = section.value("summaryModel");
  return (
    <div>
      <Autocomplete
        label={t("summaryModel")}
        description={t("summaryModel.text")}
        placeholder={t("empty")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        data={[...new Set(data?.models.map((model) => model.id))]}
        limit={50}
        value={typeof value === "string" ? value : ""}
        disabled={locked}
        error={section.errors.summaryModel}
        onChange={(model) => section.set("summaryModel", model.trim() === "" ? null : model)}
      />
      <Text component="div" size="xs" c="dimmed" mt={4}>
        {t("default", { value: USUAL_MODEL }) + t("from", { variable: "HEADGATE_SUMMARY_MODEL" })}
        <ChangedBy change={lastOf(changes, "summaryModel")} />
      </Text>
    </div>
  );
}
