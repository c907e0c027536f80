import { Group, Title } from "@mantine/core";
import type { ReactNode } from "react";

import styles from "./kit.module.css";

/** The title of a page, once on each; `actions` at its right. */
export function PageHeader({ title, subtitle, actions }: { title: string; subtitle?: ReactNode; actions?: ReactNode }) {
  return (
    <div className={styles.pageHead}>
      <div>
        <Title order={1}>{title}</Title>
        {subtitle && <div className={styles.statNote}>{subtitle}</div>}
      </div>
      {actions && <Group gap="xs">{actions}</Group>}
    </div>
  );
}

/** A part of a page with a heading; `panel` puts a box around its content. */
export function Section({ title, actions, panel = false, children }: { title: string; actions?: ReactNode; panel?: boolean; children: ReactNode }) {
  return (
    <section className={styles.section} aria-label={title}>
      <div className={styles.sectionHead}>
        <Title order={2}>{title}</Title>
        {actions && <Group gap="xs">{actions}</Group>}
      </div>
      <div className={panel ? styles.panel : undefined}>{children}</div>
    </section>
  );
}

/** A box with a border. */
export function Panel({ children }: { children: ReactNode }) {
  return <div className={styles.panel}>{children}</div>;
}

/** A big figure with what it is. */
export function Stat({ label, value, note }: { label: string; value: ReactNode; note?: ReactNode }) {
  return (
    <div className={styles.stat}>
      <div className={styles.statLabel}>{label}</div>
      <div className={styles.statValue}>{value}</div>
      {note && <div className={styles.statNote}>{note}</div>}
    </div>
  );
}

/** Names and values of one thing, aligned; rows whose value is null or false are left out. */
export function Facts({ rows }: { rows: readonly (readonly [name: string, value: ReactNode])[] }) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== false);
  return (
    <dl className={styles.facts}>
      {shown.map(([name, value]) => (
        <FactRow key={name} name={name} value={value} />
      ))}
    </dl>
  );
}

function FactRow({ name, value }: { name: string; value: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
