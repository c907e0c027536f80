import { Text } from "@mantine/core";

import { useText } from "~/i18n";
import { Foreign, Section } from "~/ui";

import type { Account } from "../kinds";
import styles from "./drawer.module.css";
import { messages } from "./messages";

/** The models that it offers. */
export function Models({ account }: { account: Account }) {
  const t = useText(messages);
  const { offeredModels, models, kind } = account;
  const limited = models.length > 0 && (kind === "kiro" || kind === "kimi-web");
  return (
    <Section title={t("models", { count: offeredModels.length })}>
      {offeredModels.length === 0 && <Text size="sm" c="dimmed">{t("noModels")}</Text>}
      {limited && <Text size="sm" c="dimmed" mb="xs">{t("limitedTo", { count: models.length })}</Text>}
      {offeredModels.length > 0 && (
        // Scrolls, so the keyboard must reach it.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <div className={styles.models} role="region" aria-label={t("models", { count: offeredModels.length })} tabIndex={0}>
          <ul>
            {offeredModels.map((model) => (
              <li key={model}>
                <Foreign text={model} mono />
              </li>
            ))}
          </ul>
        </div>
      )}
    </Section>
  );
}
