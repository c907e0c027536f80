import { Button, Group } from "@mantine/core";
import { IconCircleCheck, IconPlayerPause, IconPlayerPlay, IconRefresh, IconTrash, type TablerIcon } from "@tabler/icons-react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";

import { type Account, renewable } from "../kinds";
import { messages } from "../messages";
import { type Deed, useRun } from "../run";

/** What can be done with the account that is open. */
export function Acts({ account, onGone }: { account: Account; onGone: () => void }) {
  const t = useText(messages);
  const word = useCommon();
  const { run, busy } = useRun(account);
  const act = (deed: Deed, label: string, Icon: TablerIcon) => (
    <Button
      variant="default"
      c={deed === "delete" ? "red" : undefined}
      leftSection={<Icon size={16} aria-hidden />}
      loading={busy === deed}
      disabled={busy !== null && busy !== deed}
      onClick={() => void run(deed).then((done) => (done && deed === "delete" ? onGone() : undefined))}
    >
      {label}
    </Button>
  );
  return (
    <Group gap="xs" mb="md">
      {account.disabled ? act("enable", word("enable"), IconPlayerPlay) : act("disable", word("disable"), IconPlayerPause)}
      {act("verify", t("verify"), IconCircleCheck)}
      {renewable(account) && act("refresh", t("refreshToken"), IconRefresh)}
      {act("delete", word("delete"), IconTrash)}
    </Group>
  );
}
