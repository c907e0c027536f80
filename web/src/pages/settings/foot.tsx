import { Button, Group } from "@mantine/core";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";

import { messages } from "./messages";
import type { SectionState } from "./use-section";

interface FootProps {
  section: SectionState;
  isAdmin: boolean;
  /** Whether something cannot be right. */
  wrong?: boolean;
}

/** Saves one section, or leaves it as it was. */
export function Foot({ section, isAdmin, wrong = false }: FootProps) {
  const t = useText(messages);
  const common = useCommon();
  if (!isAdmin) return null;
  return (
    <Group justify="flex-end" gap="xs">
      {section.dirty && (
        <Button variant="default" disabled={section.busy} onClick={section.discard}>
          {t("discard")}
        </Button>
      )}
      <Button loading={section.busy} disabled={!section.dirty || wrong || section.conflicts.length > 0} onClick={() => void section.save()}>
        {common("save")}
      </Button>
    </Group>
  );
}
