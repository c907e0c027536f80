import { ActionIcon, Menu } from "@mantine/core";
import { IconDots, IconKey, IconPlayerPause, IconPlayerPlay, IconShieldOff, IconTrash, IconUserDown, IconUserUp } from "@tabler/icons-react";

import { call } from "~/api/client";
import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { toastDone, toastError, useConfirm } from "~/ui";

import { type User, useRenewed } from "./data";
import { messages } from "./messages";

type Question = Parameters<ReturnType<typeof useConfirm>>[0];

/** What can be done with a user; each of it asks first where it takes something away. */
export function UserMenu({ user, reset }: { user: User; reset: () => void }) {
  const t = useText(messages);
  const common = useCommon();
  const act = useAct(user);
  const { name, builtIn, enabled, role, totp } = user;
  const viewer = role === "viewer";
  const said = { name };
  const roleQuestion = { title: t(viewer ? "act.toAdmin" : "act.toViewer"), text: t(viewer ? "promote.text" : "demote.text", said), action: t(viewer ? "act.toAdmin" : "act.toViewer") };
  const disableQuestion = { title: t("disable.title", said), text: t("disable.text", said), action: common("disable"), danger: true };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label={t("act.for", said)}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconKey size={16} aria-hidden />} onClick={reset}>
          {t("act.reset")}
        </Menu.Item>
        {!builtIn && (
          <Menu.Item leftSection={viewer ? <IconUserUp size={16} aria-hidden /> : <IconUserDown size={16} aria-hidden />} onClick={() => void act.change({ role: viewer ? "admin" : "viewer" }, roleQuestion)}>
            {roleQuestion.action}
          </Menu.Item>
        )}
        {!builtIn && (
          <Menu.Item
            leftSection={enabled ? <IconPlayerPause size={16} aria-hidden /> : <IconPlayerPlay size={16} aria-hidden />}
            onClick={() => void act.change({ enabled: !enabled }, enabled ? disableQuestion : undefined)}
          >
            {common(enabled ? "disable" : "enable")}
          </Menu.Item>
        )}
        {totp && (
          <Menu.Item
            leftSection={<IconShieldOff size={16} aria-hidden />}
            onClick={() => void act.change({ totp: false }, { title: t("act.totpOff"), text: t("act.totpOff.text", said), action: t("act.totpOff"), danger: true })}
          >
            {t("act.totpOff")}
          </Menu.Item>
        )}
        {!builtIn && (
          <Menu.Item color="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => void act.remove()}>
            {common("delete")}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function useAct(user: User) {
  const t = useText(messages);
  const common = useCommon();
  const confirm = useConfirm();
  const renewed = useRenewed();
  const path = `/api/users/${encodeURIComponent(user.id)}`;
  const said = { name: user.name };
  const ask = ({ text, ...rest }: Question) => confirm({ ...rest, text: <bdi>{text}</bdi> });
  const done = async (work: () => Promise<unknown>, told: string) => {
    try {
      await work();
      toastDone(<bdi>{told}</bdi>);
    } catch (error) {
      toastError(error);
    }
    await renewed("users", "sessions", "self");
  };
  return {
    change: async (body: object, question?: Question) => {
      if (question && !(await ask(question))) return;
      await done(() => call("PUT", path, { body }), t("done", said));
    },
    remove: async () => {
      if (!(await ask({ title: t("remove.title", said), text: t("remove.text"), action: common("delete"), danger: true }))) return;
      await done(() => call("DELETE", path), t("remove.done", said));
    },
  };
}
