import { useLanguage, useText } from "~/i18n";
import { PageHeader } from "~/ui";
import { chaptersOf, Handbook } from "~/ui/handbook";
import { Written } from "~/ui/written";

import en from "./en.md?raw";
import { messages } from "./messages";
import { settingsTable } from "./settings";
import zh from "./zh.md?raw";

const TEXTS = { en, zh };

/** How to run it for others. */
export default function Deploy() {
  const t = useText(messages);
  const { language } = useLanguage();
  const chapters = chaptersOf(TEXTS[language]).map((chapter) =>
    chapter.id === "settings" ? { ...chapter, more: <Written text={settingsTable} label={t("settings")} />, also: settingsTable } : chapter,
  );
  return (
    <>
      <PageHeader title={t("title")} subtitle={t("subtitle")} />
      <Handbook chapters={chapters} label={t("contents")} />
    </>
  );
}
