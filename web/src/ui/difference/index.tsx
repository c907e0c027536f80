import { UnstyledButton, VisuallyHidden } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { useState } from "react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { useFormat } from "~/i18n/format";

import { Moment } from "../figures";
import { Foreign } from "../foreign";
import styles from "./difference.module.css";
import { inShort, isMoment, isSecret, type Line, linesOf, type Told } from "./lines";
import { messages } from "./messages";

const SHOWN = 4;

/** What a change changed: each field as it was and as it is; of what was made or removed, all of it. */
export function Difference({ before, after }: { before: Told; after: Told }) {
  const t = useText(messages);
  const [all, setAll] = useState(false);
  const lines = linesOf(before, after);
  const hidden = lines.length - SHOWN;
  const both = before !== null && after !== null;
  if (lines.length === 0) return null;
  return (
    <div className={styles.whole}>
      <ul className={styles.lines}>
        {(all || hidden === 1 ? lines : lines.slice(0, SHOWN)).map((line) => (
          <LineRow key={line.field} line={line} both={both} />
        ))}
      </ul>
      {hidden > 1 && (
        <UnstyledButton className={styles.more} aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t("fewer") : t("more", { count: hidden })}
        </UnstyledButton>
      )}
    </div>
  );
}

function LineRow({ line, both }: { line: Line; both: boolean }) {
  const t = useText(messages);
  const secret = isSecret(line);
  return (
    <li className={styles.line}>
      <span className={styles.field}>
        <FieldName field={line.field} />
      </span>
      <span className={styles.values}>
        {secret && <em>{t("secret")}</em>}
        {!secret && both && (
          <>
            <span className={styles.before}>
              <VisuallyHidden>{t("before")}</VisuallyHidden>
              <Value value={line.before} />
            </span>
            <IconArrowRight className={styles.arrow} size={14} aria-hidden />
            <span>
              <VisuallyHidden>{t("after")}</VisuallyHidden>
              <Value value={line.after} />
            </span>
          </>
        )}
        {!secret && !both && <Value value={line.after ?? line.before} />}
      </span>
    </li>
  );
}

/** In words where there are some; else as the REST calls it. */
function FieldName({ field }: { field: string }) {
  const t = useText(messages);
  const [, name = field, rest = ""] = /^([^:]+)(: [^]*)?$/.exec(field) ?? [];
  const key = `field.${name}`;
  return <Foreign text={(key in messages.en ? t(key as keyof typeof messages.en & `field.${string}`) : name) + rest} lines={2} />;
}

function Value({ value }: { value: unknown }) {
  const t = useCommon();
  const { locale } = useFormat();
  if (value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0)) return <span>–</span>;
  if (typeof value === "boolean") return <span>{value ? t("yes") : t("no")}</span>;
  if (typeof value === "number") return <span>{new Intl.NumberFormat(locale, { maximumFractionDigits: 6 }).format(value)}</span>;
  if (isMoment(value)) return <Moment at={value} style="full" />;
  return <Foreign text={inShort(value)} lines={2} />;
}
