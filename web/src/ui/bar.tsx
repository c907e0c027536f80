import { Tooltip } from "@mantine/core";
import type { ReactNode } from "react";

import type { Schema } from "~/api/client";
import { useCommon } from "~/i18n/common";
import { useFormat } from "~/i18n/format";

import styles from "./kit.module.css";
import { loadTone, type Tone, toneClass } from "./tone";

export interface BarProps {
  used: number;
  /** For requests under way; drawn hatched behind `used`. */
  reserved?: number;
  limit: number;
  /** What it is about; read out together with the figures. */
  label: string;
  /** Writes a figure; plain numbers unless told. */
  format?: (value: number) => string;
  /** Figures above the bar: what is used at the left, `note` at the right. */
  detailed?: boolean;
  note?: ReactNode;
  tone?: Tone;
}

/** How much of a limit is used, reserved, left. */
export function Bar({ used, reserved = 0, limit, label, format, detailed = false, note, tone }: BarProps) {
  const t = useCommon();
  const { number } = useFormat();
  const write = format ?? number;
  const share = (value: number) => (limit > 0 ? Math.min(100, Math.max(0, (100 * value) / limit)) : 100);
  const chosen = toneClass(tone ?? loadTone(limit > 0 ? (used + reserved) / limit : 1));
  const said = t("usedOf", { used: write(used), limit: write(limit) });
  const held = reserved > 0 ? `, ${t("reserved")} ${write(reserved)}` : "";
  return (
    <div>
      {detailed && (
        <div className={styles.barText}>
          <span>{said}</span>
          <span>{note}</span>
        </div>
      )}
      <Tooltip label={`${label}: ${said}${held}`}>
        <div
          className={styles.bar}
          role="meter"
          aria-label={label}
          aria-valuemin={0}
          aria-valuemax={limit}
          aria-valuenow={Math.min(used, limit)}
          aria-valuetext={said + held}
        >
          <div className={`${styles.segment} ${chosen}`} style={{ width: `${share(used)}%` }} />
          <div className={`${styles.segment} ${chosen}`} data-pattern style={{ width: `${share(reserved)}%` }} />
        </div>
      </Tooltip>
    </div>
  );
}

const healthTone = (value: number): Tone => (value >= 80 ? "ok" : value >= 50 ? "warn" : "bad");

/** Health from 0 to 100; what it is made of in a tooltip. */
export function HealthMeter({ value, parts }: { value: number; parts?: Schema<"HealthRead"> }) {
  const t = useCommon();
  const { number, percent } = useFormat();
  const label = t("health", { value: number(value) });
  const share = parts && (parts.successShare === null ? t("noAttempts") : t("successShare", { share: percent(parts.successShare) }));
  const faults = Object.entries(parts?.faults ?? {}).map(([cause, count]) => `${cause}: ${number(count)}`);
  const lines = [label, share, ...faults].filter(Boolean);
  return (
    <Tooltip multiline label={lines.map((line) => <div key={line}>{line}</div>)}>
      <span className={styles.health} role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={value}>
        <span className={styles.bar}>
          <span className={`${styles.segment} ${toneClass(healthTone(value))}`} style={{ width: `${value}%` }} />
        </span>
        {number(Math.round(value))}
      </span>
    </Tooltip>
  );
}
