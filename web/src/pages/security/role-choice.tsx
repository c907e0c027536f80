import { Radio, Stack } from "@mantine/core";

import { useText } from "~/i18n";

import type { User } from "./data";
import { messages } from "./messages";

const ROLES = ["viewer", "admin"] as const satisfies readonly User["role"][];

interface RoleChoiceProps {
  value: User["role"];
  onChange: (role: User["role"]) => void;
}

/** What somebody, or a script, may do. */
export function RoleChoice({ value, onChange }: RoleChoiceProps) {
  const t = useText(messages);
  return (
    <Radio.Group label={t("role")} value={value} onChange={(role) => onChange(role as User["role"])}>
      <Stack gap={6} mt={6}>
        {ROLES.map((role) => (
          <Radio key={role} value={role} label={t(`role.${role}`)} description={t(`role.${role}.text`)} />
        ))}
      </Stack>
    </Radio.Group>
  );
}
