import { Anchor } from "@mantine/core";
import type { ReactNode } from "react";

import { useText } from "~/i18n";
import { Countdown } from "~/ui";

import styles from "./accounts.module.css";
import type { Account } from "./kinds";
import { summarise } from "./list";
import { messages } from "./messages";

interface SummaryProps {
  accounts: readonly Account[];
  /** Shows only those of a state. */
  onPick: (status: string) => void;
}

/** All of them in one line: "2 of 9 limited, next returns in 3 min". */
export function Summary({ accounts, onPick }: SummaryProps) {
  const t = useText(messages);
  const { total, active, limited, attention, disabled, next } = summarise(accounts);
  if (total === 0) return null;
  if (active === total) return <span>{t("sum.allActive", { count: total })}</span>;
  return (
    <span className={styles.summary}>
      {limited > 0 ? (
        <span>
          <Pick onClick={() => onPick("limited")}>{t("sum.limited", { limited, total })}</Pick>
          {next && (
            <>
              {", "}
              {t("sum.next")} <Countdown until={next.until} />
            </>
          )}
        </span>
      ) : (
        <Pick onClick={() => onPick("active")}>{t("sum.active", { active, total })}</Pick>
      )}
      {attention > 0 && (
        <Pick onClick={() => onPick("attention")} tone="var(--bad)">
          {t("sum.attention", { count: attention })}
        </Pick>
      )}
      {disabled > 0 && <Pick onClick={() => onPick("disabled")}>{t("sum.disabled", { count: disabled })}</Pick>}
    </span>
  );
}

function Pick({ onClick, tone = "inherit", children }: { onClick: () => void; tone?: string; children: ReactNode }) {
  return (
    <Anchor component="button" type="button" fz="inherit" c={tone} underline="always" onClick={onClick}>
      {children}
    </Anchor>
  );
}
