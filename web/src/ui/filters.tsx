import { Button, CloseButton, Group, rem, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconFilterOff, IconSearch } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";

import { useCommon } from "~/i18n/common";

import styles from "./kit.module.css";

/** A row of filters above a list; `clear` is offered while `active`. */
export function FilterBar({ active, clear, children }: { active: boolean; clear: () => void; children: ReactNode }) {
  const t = useCommon();
  return (
    <Group gap="xs" mb="sm" role="search">
      {children}
      {active && (
        <Button variant="subtle" color="gray" leftSection={<IconFilterOff size={16} />} onClick={clear}>
          {t("clear")}
        </Button>
      )}
    </Group>
  );
}

const TYPING_MS = 300;

interface SearchFilterProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  width?: number;
}

/** Text to look for; told when typing pauses. */
export function SearchFilter({ label, value, onChange, width = 220 }: SearchFilterProps) {
  const t = useCommon();
  const [text, setText] = useState(value);
  const [told, setTold] = useState(value);
  const tell = useDebouncedCallback((wanted: string) => {
    setTold(wanted);
    onChange(wanted);
  }, TYPING_MS);
  // Changed from elsewhere: the address, or "clear filters".
  if (value !== told) {
    setTold(value);
    setText(value);
  }
  const type = (wanted: string) => {
    setText(wanted);
    tell(wanted);
  };
  return (
    <TextInput
      className={styles.filter}
      style={{ "--filter-width": rem(width) }}
      aria-label={label}
      placeholder={label}
      leftSection={<IconSearch size={16} />}
      rightSection={text && <CloseButton size="sm" aria-label={t("clear")} onClick={() => type("")} />}
      value={text}
      onChange={(event) => type(event.currentTarget.value)}
    />
  );
}

export interface Option {
  value: string;
  label: string;
}

interface SelectFilterProps extends SearchFilterProps {
  options: readonly Option[];
  searchable?: boolean;
}

/** One of some values, or all. */
export function SelectFilter({ label, value, onChange, options, searchable = false, width = 160 }: SelectFilterProps) {
  return (
    <Select
      className={styles.filter}
      style={{ "--filter-width": rem(width) }}
      aria-label={label}
      placeholder={label}
      data={[...options]}
      value={value || null}
      onChange={(wanted) => onChange(wanted ?? "")}
      searchable={searchable}
      clearable
    />
  );
}
