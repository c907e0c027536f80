import { Autocomplete } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useState } from "react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";

import { messages } from "./messages";

const TYPING_MS = 400;

/** Any model's name; those of the rows at hand are offered. */
export function ModelFilter({ value, onChange, models }: { value: string; onChange: (value: string) => void; models: string[] }) {
  const t = useText(messages);
  const common = useCommon();
  const [text, setText] = useState(value);
  const [told, setTold] = useState(value);
  const tell = useDebouncedCallback((wanted: string) => {
    setTold(wanted.trim());
    onChange(wanted.trim());
  }, TYPING_MS);
  if (value !== told) {
    setTold(value);
    setText(value);
  }
  return (
    <Autocomplete
      w={{ base: undefined, xs: 200 }}
      flex={{ base: "1 1 8rem", xs: "none" }}
      aria-label={t("filter.model")}
      placeholder={t("filter.model")}
      data={models}
      limit={50}
      value={text}
      clearable
      clearButtonProps={{ "aria-label": common("clear") }}
      onChange={(wanted) => {
        setText(wanted);
        tell(wanted);
      }}
    />
  );
}
