import { NumberInput, Text } from "@mantine/core";

import { useText } from "~/i18n";
import { useFormat } from "~/i18n/format";

import { ChangedBy } from "./changed-by";
import type { Change } from "./changes";
import type { NumberField, Wanted } from "./fields";
import { messages } from "./messages";
import type { SectionState } from "./use-section";

interface NumberSettingProps {
  field: NumberField;
  section: SectionState;
  change: Change | undefined;
  locked: boolean;
}

export function isOutside({ low, high }: NumberField, value: Wanted): boolean {
  return typeof value === "number" && (value < low || value > high);
}

/** One number: what it is for, what it may be, the default, and who changed it last. Emptied it is the default again. */
export function NumberSetting({ field, section, change, locked }: NumberSettingProps) {
  const t = useText(messages);
  const { number } = useFormat();
  const { name, step, usual, variable } = field;
  const value = section.value(name);
  const bounds = { low: number(field.low), high: number(field.high) };
  const fallback = t("default", { value: usual === null ? t("half") : number(usual) });
  return (
    <div>
      <NumberInput
        label={t(name)}
        description={t(`${name}.text`)}
        placeholder={usual === null ? t("half") : t("empty")}
        value={typeof value === "number" ? value : ""}
        disabled={locked}
        step={step}
        min={field.low}
        max={field.high}
        clampBehavior="none"
        allowDecimal={step < 1}
        decimalScale={2}
        thousandSeparator=","
        inputWrapperOrder={["label", "input", "description", "error"]}
        error={section.errors[name] ?? (isOutside(field, value) && t("outside", bounds))}
        onChange={(wanted) => section.set(name, typeof wanted === "number" ? wanted : null)}
      />
      <Text component="div" size="xs" c="dimmed" mt={4}>
        {t("range", bounds)} · {fallback}
        {variable && t("from", { variable })}
        <ChangedBy change={change} />
      </Text>
    </div>
  );
}
