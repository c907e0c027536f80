import { NumberInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { PERIODS, type Period, type Unit, UNITS } from "~/ui/key-usage";

import { messages } from "../messages";
import styles from "./form.module.css";
import type { Values } from "./values";

const LARGEST = 1e11;
const MOST_AT_A_TIME = 100_000;
const CREDIT_DECIMALS = 6;

/** All limits of a key: units down, windows across. Empty is no limit. */
export function LimitsGrid({ form }: { form: UseFormReturnType<Values> }) {
  const t = useText(messages);
  const word = useCommon();
  return (
    <fieldset className={styles.limits}>
      <legend className={styles.legend}>{t("limits")}</legend>
      <div className={styles.grid}>
        <span className={styles.corner} />
        {PERIODS.map((period) => (
          <span key={period} className={styles.head} aria-hidden>
            {t(`period.${period}`)}
          </span>
        ))}
        {UNITS.map((unit) => (
          <LimitRow key={unit} unit={unit} form={form} />
        ))}
        <span className={styles.unit} aria-hidden>
          {t("concurrency")}
        </span>
        <NumberInput
          aria-label={t("concurrency")}
          placeholder={word("noLimit")}
          min={1}
          max={MOST_AT_A_TIME}
          allowDecimal={false}
          allowNegative={false}
          hideControls
          {...form.getInputProps("limits.concurrency")}
        />
      </div>
      <div className={styles.hint}>{t("limitsHint")}</div>
    </fieldset>
  );
}

function LimitRow({ unit, form }: { unit: Unit; form: UseFormReturnType<Values> }) {
  const t = useText(messages);
  const word = useCommon();
  const whole = unit !== "credits";
  const field = (period: Period) => (
    <div key={period} className={styles.cell} data-label={t(`period.${period}`)}>
      <NumberInput
        aria-label={`${word(unit)}, ${t(`period.${period}`)}`}
        placeholder="–"
        min={0}
        max={LARGEST}
        thousandSeparator=","
        allowDecimal={!whole}
        decimalScale={whole ? 0 : CREDIT_DECIMALS}
        allowNegative={false}
        hideControls
        {...form.getInputProps(`limits.${unit}.${period}`)}
      />
    </div>
  );
  return (
    <>
      <span className={styles.unit} aria-hidden>
        {word(unit)}
      </span>
      {PERIODS.map(field)}
    </>
  );
}
