import { Button, Collapse, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { useText } from "~/i18n";

import { messages } from "./messages";

/** Fields that few need. They open by themselves while one of them has an error. */
export function More({ faulty, children }: { faulty: boolean; children: ReactNode }) {
  const t = useText(messages);
  const [wanted, { toggle }] = useDisclosure();
  const open = wanted || faulty;
  const Icon = open ? IconChevronUp : IconChevronDown;
  return (
    <div>
      <Button variant="subtle" color="gray" size="compact-sm" ml={-8} leftSection={<Icon size={15} aria-hidden />} aria-expanded={open} onClick={toggle}>
        {open ? t("less") : t("more")}
      </Button>
      <Collapse expanded={open}>
        <Stack gap="sm" mt="xs">
          {children}
        </Stack>
      </Collapse>
    </div>
  );
}
