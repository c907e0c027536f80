import styles from "./kit.module.css";

/** Text from outside (labels, names, models): its direction cannot disturb ours, its length not the layout. */
export function Foreign({ text, lines = 1, mono = false }: { text: string; lines?: number; mono?: boolean }) {
  const font = mono ? "var(--mantine-font-family-monospace)" : undefined;
  return (
    <bdi className={styles.foreign} style={{ WebkitLineClamp: lines, fontFamily: font, fontSize: mono ? "0.95em" : undefined }} title={text}>
      {text}
    </bdi>
  );
}
