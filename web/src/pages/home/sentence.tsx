import { Anchor } from "@mantine/core";
import { IconAlertOctagon, IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { Link } from "react-router";

import { useText } from "~/i18n";
import { useFormat } from "~/i18n/format";
import { toneClass, useNow } from "~/ui";

import { type Fact, facts } from "./facts";
import styles from "./home.module.css";
import { messages } from "./messages";
import type { Overview } from "./overview";
import { near } from "./times";

const ICONS = { bad: IconAlertOctagon, warn: IconAlertTriangle, ok: IconCircleCheck };
const LONGEST = 48;
const MINUTE = 60_000;

/** A name from outside within our words: its direction ends where it ends (FSI, PDI), and so does its length. */
export function quoted(text: string): string {
  const letters = [...text];
  const short = letters.length > LONGEST ? `${letters.slice(0, LONGEST).join("")}…` : text;
  return `\u2068${short}\u2069`;
}

/** How everything stands, in one sentence, and where to do something about it. */
export function Sentence({ overview }: { overview: Overview }) {
  const t = useText(messages);
  const { locale, percent } = useFormat();
  const now = useNow(MINUTE);
  const found = facts(overview, { time: (at) => near(at, now, locale), name: quoted, share: percent });
  const said = found.map(({ name, values }) => t(`say.${name}`, values)).join(t("join"));
  const tone = found[0]?.tone ?? "ok";
  const Icon = ICONS[tone];
  return (
    <section className={`${styles.state} ${toneClass(tone)}`} aria-label={t("state")}>
      <Icon size={24} stroke={1.8} className={styles.mark} role="img" aria-label={t(`tone.${tone}`)} />
      <div>
        <p className={styles.sentence} role="status">
          {said.charAt(0).toLocaleUpperCase(locale) + said.slice(1) + t("stop")}
        </p>
        <Actions found={found} />
      </div>
    </section>
  );
}

function Actions({ found }: { found: readonly Fact[] }) {
  const t = useText(messages);
  const acts = found.flatMap(({ act, to }) => (act && to ? [{ act, to }] : []));
  if (acts.length === 0) return null;
  return (
    <div className={styles.acts}>
      {acts.map(({ act, to }) => (
        <Anchor key={to} component={Link} to={to} size="sm">
          {t(`act.${act}`)}
        </Anchor>
      ))}
    </div>
  );
}
