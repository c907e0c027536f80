import { Anchor, Text, TextInput, Title } from "@mantine/core";
import { IconHash, IconSearch } from "@tabler/icons-react";
import { type ReactNode, useEffect, useState } from "react";
import { Link, useLocation } from "react-router";

import { useText } from "~/i18n";

import { Written } from "../written";
import styles from "./handbook.module.css";
import { messages } from "./messages";

/** `text` is a little Markdown; `more` stands below it; `also` are words of `more` by which the search finds it. */
export interface Chapter {
  id: string;
  title: string;
  text: string;
  more?: ReactNode;
  also?: string;
}

/** Chapters with their contents beside them. The search leaves those that hold every word. */
export function Handbook({ chapters, label, tools }: { chapters: readonly Chapter[]; label: string; tools?: ReactNode }) {
  const t = useText(messages);
  const [sought, setSought] = useState("");
  const words = sought.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = chapters.filter(({ title, text, also = "" }) => holds(`${title} ${text} ${also}`.toLowerCase(), words));
  useAnchor();
  return (
    <div className={styles.book}>
      <aside className={styles.aside} aria-label={t("contents")}>
        <TextInput
          label={t("search")}
          type="search"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={sought}
          onChange={(event) => setSought(event.currentTarget.value)}
        />
        <Text size="xs" c="dimmed" role="status" my={6}>
          {words.length > 0 && t("found", { count: shown.length })}
        </Text>
        <nav className={styles.contents} aria-label={label}>
          {shown.map(({ id, title }) => (
            <Anchor key={id} component={Link} to={{ hash: id }} size="sm" className={styles.entry}>
              {title}
            </Anchor>
          ))}
        </nav>
      </aside>
      <div className={styles.text}>
        {tools}
        {shown.map((chapter) => (
          <ChapterView key={chapter.id} chapter={chapter} />
        ))}
        {shown.length === 0 && <Text c="dimmed">{t("none")}</Text>}
      </div>
    </div>
  );
}

const holds = (text: string, words: readonly string[]) => words.every((word) => text.includes(word));

function ChapterView({ chapter: { id, title, text, more } }: { chapter: Chapter }) {
  const t = useText(messages);
  return (
    <section id={id} className={styles.chapter} aria-labelledby={`${id}-title`}>
      <div className={styles.head}>
        <Title order={2} id={`${id}-title`}>
          {title}
        </Title>
        <Anchor component={Link} to={{ hash: id }} aria-label={t("link", { title })} className={styles.hash}>
          <IconHash size={14} aria-hidden />
        </Anchor>
      </div>
      <Written text={text} label={title} />
      {more && <div className={styles.more}>{more}</div>}
    </section>
  );
}

/** Goes to where the address points; the browser cannot, since the page comes later than it looks. */
function useAnchor(): void {
  const { hash, key } = useLocation();
  useEffect(() => {
    if (hash) document.getElementById(decodeURIComponent(hash.slice(1)))?.scrollIntoView();
  }, [hash, key]);
}
