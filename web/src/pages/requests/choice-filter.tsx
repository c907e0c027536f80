import { Select } from "@mantine/core";
import { useState } from "react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";

import { useChoices } from "./choices";
import { messages } from "./messages";

interface ChoiceFilterProps {
  what: "keys" | "accounts";
  label: string;
  /** An id; "" is any. */
  value: string;
  onChange: (id: string) => void;
}

/** So many are drawn at once; typing finds the others. */
const DRAWN = 100;

/** One key or account. They are fetched only when somebody wants to see them. */
export function ChoiceFilter({ what, label, value, onChange }: ChoiceFilterProps) {
  const t = useText(messages);
  const common = useCommon();
  const [wanted, setWanted] = useState(false);
  const { data = [], isLoading } = useChoices(what, wanted || value !== "");
  const own = what === "keys" ? [{ value: "proxy", label: t("key.proxy") }, { value: "console", label: t("key.console") }] : [];
  const options = [...own, ...data];
  if (value && !options.some((option) => option.value === value)) options.unshift({ value, label: value });
  return (
    <Select
      w={{ base: undefined, xs: 170 }}
      flex={{ base: "1 1 8rem", xs: "none" }}
      aria-label={label}
      placeholder={label}
      data={options}
      limit={DRAWN}
      value={value || null}
      onChange={(id) => onChange(id ?? "")}
      onFocus={() => setWanted(true)}
      nothingFoundMessage={isLoading ? common("loading") : common("none")}
      searchable
      clearable
    />
  );
}
