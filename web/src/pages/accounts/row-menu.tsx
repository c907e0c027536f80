import { ActionIcon, Menu } from "@mantine/core";
import { IconCircleCheck, IconDots, IconGauge, IconPencil, IconPlayerPause, IconPlayerPlay, IconRefresh, IconTestPipe, IconTrash } from "@tabler/icons-react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";

import styles from "./accounts.module.css";
import { type Account, hasAllowance, renewable } from "./kinds";
import { messages } from "./messages";
import { useRun } from "./run";
import { useGo } from "./use-go";

/** Everything that can be done with one account. */
export function RowMenu({ account }: { account: Account }) {
  const t = useText(messages);
  const word = useCommon();
  const go = useGo();
  const { run, busy } = useRun(account);
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon className={styles.menu} loading={busy !== null} aria-label={t("menu", { label: account.label })}>
          <IconDots size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconTestPipe size={16} />} onClick={() => go(account.id, { tab: "test" })}>{t("test")}</Menu.Item>
        <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => go(account.id, { tab: "edit" })}>{word("edit")}</Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconCircleCheck size={16} />} onClick={() => void run("verify")}>{t("verify")}</Menu.Item>
        {renewable(account) && <Menu.Item leftSection={<IconRefresh size={16} />} onClick={() => void run("refresh")}>{t("refreshToken")}</Menu.Item>}
        {hasAllowance(account.kind) && <Menu.Item leftSection={<IconGauge size={16} />} onClick={() => void run("allowance")}>{t("askAllowance")}</Menu.Item>}
        {account.disabled ? (
          <Menu.Item leftSection={<IconPlayerPlay size={16} />} onClick={() => void run("enable")}>{word("enable")}</Menu.Item>
        ) : (
          <Menu.Item leftSection={<IconPlayerPause size={16} />} onClick={() => void run("disable")}>{word("disable")}</Menu.Item>
        )}
        <Menu.Divider />
        <Menu.Item c="red" leftSection={<IconTrash size={16} />} onClick={() => void run("delete")}>{word("delete")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
