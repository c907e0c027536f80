import { CloseButton, Text, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { Foreign, Loaded } from "~/ui";
import { useOffered } from "~/ui/client-settings";

import { messages } from "./messages";
import styles from "./my-key.module.css";

/** With more it takes a search to find one. */
const FEW = 12;

/** The names that requests with the key may ask for. */
export function Models({ apiKey }: { apiKey: string }) {
  return <Loaded query={useOffered(apiKey)} rows={3}>{(names) => <Names names={names} />}</Loaded>;
}

function Names({ names }: { names: readonly string[] }) {
  const t = useText(messages);
  const word = useCommon();
  const [sought, setSought] = useState("");
  const shown = names.filter((name) => name.toLowerCase().includes(sought.trim().toLowerCase()));
  if (names.length === 0) return <Text size="sm">{t("noModels")}</Text>;
  return (
    <>
      {names.length > FEW && (
        <TextInput
          mb="xs"
          maw={280}
          aria-label={t("filter")}
          placeholder={t("filter")}
          leftSection={<IconSearch size={16} />}
          rightSection={sought && <CloseButton size="sm" aria-label={word("clear")} onClick={() => setSought("")} />}
          value={sought}
          onChange={(event) => setSought(event.currentTarget.value)}
        />
      )}
      {/* Scrolls, so the keyboard must reach it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className={styles.names} role="region" aria-label={t("models")} tabIndex={0}>
        <ul>
          {shown.map((name) => (
            <li key={name}>
              <Foreign text={name} mono />
            </li>
          ))}
        </ul>
      </div>
      <Text size="xs" c="dimmed" mt={6}>
        {shown.length ? t("count", { count: shown.length }) : word("noMatch")}
      </Text>
    </>
  );
}
