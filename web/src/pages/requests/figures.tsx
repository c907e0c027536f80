import { Text } from "@mantine/core";
import { memo, type ReactNode, useMemo } from "react";

import { useText } from "~/i18n";
import { useFormat } from "~/i18n/format";
import { Duration, Money, Tokens } from "~/ui";

import type { Row } from "./filters";
import { messages } from "./messages";
import styles from "./requests.module.css";

interface PairProps {
  above: ReactNode;
  below: ReactNode;
}

/** The figure, and a smaller one below it. */
function Pair({ above, below }: PairProps) {
  return (
    <div className={styles.figures}>
      <div>{above}</div>
      <Text component="div" size="xs" c="dimmed">
        {below}
      </Text>
    </div>
  );
}

/* Cells are drawn once for each row, not whenever another one comes. */

export const TimesCell = memo(function TimesCell({ row }: { row: Row }) {
  return <Pair above={<Duration ms={row.firstEventMs} />} below={<Duration ms={row.durationMs} />} />;
});

export const TokensCell = memo(function TokensCell({ row }: { row: Row }) {
  const t = useText(messages);
  const { percent } = useFormat();
  const { input, output, cacheRead } = row.usage;
  const figures = (
    <>
      <Tokens value={input} /> / <Tokens value={output} />
    </>
  );
  return <Pair above={figures} below={cacheRead > 0 && input > 0 ? t("cached", { share: percent(cacheRead / input) }) : null} />;
});

export const CostCell = memo(function CostCell({ row }: { row: Row }) {
  const t = useText(messages);
  const amount = useCredits();
  const { credits } = row.usage;
  return <Pair above={<Money value={row.cost} />} below={credits > 0 ? t("credits", { count: credits, amount: amount(credits) }) : null} />;
});

const LITTLE = 0.01;

/** Credits as text; of little ones two digits that say something. */
export function useCredits(): (value: number) => string {
  const { locale, number } = useFormat();
  return useMemo(() => {
    const little = new Intl.NumberFormat(locale, { maximumSignificantDigits: 2 });
    return (value: number) => (value > 0 && value < LITTLE ? little.format(value) : number(value));
  }, [locale, number]);
}
