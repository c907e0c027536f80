import { ActionIcon, Alert, Button, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy, IconKey } from "@tabler/icons-react";

import { useCommon } from "~/i18n/common";

import { useCopy } from "./clipboard";
import styles from "./kit.module.css";

/** Copies `text`, or what it answers, where that is costly to make. With `label` a button that says so, else an icon. */
export function CopyButton({ text, label }: { text: string | (() => string); label?: string }) {
  const t = useCommon();
  const { copy, copied } = useCopy();
  const icon = copied ? <IconCheck size={16} /> : <IconCopy size={16} />;
  const act = () => copy(typeof text === "string" ? text : text());
  if (label) {
    return (
      <Button variant="default" leftSection={icon} onClick={act}>
        {copied ? t("copied") : label}
      </Button>
    );
  }
  const said = copied ? t("copied") : t("copy");
  return (
    <Tooltip label={said}>
      <ActionIcon size="md" aria-label={said} onClick={act}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}

/** Text in a fixed-width box with a copy button; scrolls sideways unless `wrap`. */
export function CodeBlock({ text, label, wrap = false, height }: { text: string; label: string; wrap?: boolean; height?: number }) {
  return (
    <div className={styles.code} data-wrap={wrap}>
      {/* Scrolls, so the keyboard must reach it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre tabIndex={0} role="region" aria-label={label} style={{ maxHeight: height }}>
        {text}
      </pre>
      <div className={styles.codeCopy}>
        <CopyButton text={text} />
      </div>
    </div>
  );
}

/** A secret that can be seen only now. */
export function Secret({ text, label }: { text: string; label: string }) {
  const t = useCommon();
  return (
    <Alert color="ink" variant="light" icon={<IconKey size={18} />} title={t("hideWarning")}>
      <CodeBlock text={text} label={label} wrap />
    </Alert>
  );
}
