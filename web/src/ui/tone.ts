/** Meanings that have a colour. A colour never stands alone: there is a word or an icon beside it. */

import styles from "./kit.module.css";

export type Tone = "ok" | "warn" | "bad" | "off" | "note" | "accent";

const CLASSES: Record<Tone, string | undefined> = {
  ok: styles["tone-ok"],
  warn: styles["tone-warn"],
  bad: styles["tone-bad"],
  off: styles["tone-off"],
  note: styles["tone-note"],
  accent: styles["tone-accent"],
};

export const toneClass = (tone: Tone): string => CLASSES[tone] ?? "";

/** The tone of a share that is used up, 0 to 1. */
export const loadTone = (share: number): Tone => (share >= 0.95 ? "bad" : share >= 0.8 ? "warn" : "accent");
