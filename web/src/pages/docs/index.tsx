import { Code, PasswordInput } from "@mantine/core";
import { type ReactNode, useState } from "react";

import { gatewayUrl } from "~/api/gateway";
import { useLanguage, useText } from "~/i18n";
import { PageHeader } from "~/ui";
import { ClientSettings } from "~/ui/client-settings";
import { chaptersOf, Handbook } from "~/ui/handbook";
import { REFUSALS } from "~/ui/refusals";

import en from "./en.md?raw";
import { Errors } from "./errors";
import { messages } from "./messages";
import zh from "./zh.md?raw";

const TEXTS = { en, zh };
/** Stands for a key where none is filled in. */
const NO_KEY = "YOUR_API_KEY";
const CODES = REFUSALS.flatMap(({ status, type, code }) => [status, type, code]).join(" ");

/** How to use the data plane, with the reader's own address and key. */
export default function Docs() {
  const t = useText(messages);
  const { language } = useLanguage();
  const [key, setKey] = useState("");
  const filled = key.trim();
  const more: Record<string, { more: ReactNode; also?: string }> = {
    errors: { more: <Errors />, also: CODES },
    clients: { more: <ClientSettings apiKey={filled || undefined} />, also: "claude code codex openai anthropic sdk curl" },
  };
  const chapters = chaptersOf(TEXTS[language], { base: gatewayUrl(), key: filled || NO_KEY }).map((chapter) => ({ ...chapter, ...more[chapter.id] }));
  return (
    <>
      <PageHeader
        title={t("title")}
        subtitle={<>{t("address")} <Code>{gatewayUrl()}</Code></>}
        actions={
          <PasswordInput
            w={240}
            label={t("key")}
            description={t("keyNote")}
            autoComplete="off"
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
          />
        }
      />
      <Handbook chapters={chapters} label={t("contents")} />
    </>
  );
}
