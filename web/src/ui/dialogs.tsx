import { Button, Group } from "@mantine/core";
import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import i18next from "i18next";
import { type ReactNode, useState } from "react";

import { common, useCommon } from "~/i18n/common";

import { useErrorText } from "./states";

export interface Question {
  title: string;
  text: ReactNode;
  /** The word on the button that does it. */
  action: string;
  danger?: boolean;
}

/** Asks before something that cannot be undone: `if (await confirm({...}))`. */
export function useConfirm(): (question: Question) => Promise<boolean> {
  const t = useCommon();
  return ({ title, text, action, danger = false }) =>
    new Promise((resolve) => {
      modals.openConfirmModal({
        title,
        children: text,
        labels: { confirm: action, cancel: t("cancel") },
        confirmProps: { color: danger ? "red" : undefined },
        closeButtonProps: { "aria-label": t("close") },
        onConfirm: () => resolve(true),
        onClose: () => resolve(false),
      });
    });
}

/** Toasts are opened outside of components. */
const closeButton = () => ({ "aria-label": i18next.t("close", { ns: common.space }) });

/** Says in a corner that something was done. */
export function toastDone(message: ReactNode): void {
  notifications.show({ message, icon: <IconCheck size={16} />, color: "ink", autoClose: 4000, closeButtonProps: closeButton() });
}

/** Says in a corner what went wrong. */
export function toastError(error: unknown): void {
  notifications.show({ message: <ErrorText error={error} />, icon: <IconAlertTriangle size={16} />, color: "red", autoClose: 10_000, closeButtonProps: closeButton() });
}

function ErrorText({ error }: { error: unknown }) {
  return <span role="alert">{useErrorText()(error)}</span>;
}

export const UNDO_MS = 10_000;

export interface Undoable {
  /** What is deleted, in the words of its owner. */
  label: string;
  delete: () => Promise<unknown>;
  restore: () => Promise<unknown>;
}

/** Deletes at once and offers to undo it for ten seconds. True when it was deleted. */
export async function deleteWithUndo({ label, delete: remove, restore }: Undoable): Promise<boolean> {
  try {
    await remove();
  } catch (error) {
    toastError(error);
    return false;
  }
  const id: string = notifications.show({
    message: <UndoText label={label} restore={restore} done={() => notifications.hide(id)} />,
    autoClose: UNDO_MS,
    withCloseButton: false,
    withAutoCloseProgress: true,
  });
  return true;
}

function UndoText({ label, restore, done }: { label: string; restore: () => Promise<unknown>; done: () => void }) {
  const t = useCommon();
  const [busy, setBusy] = useState(false);
  const undo = async () => {
    setBusy(true);
    try {
      await restore();
      toastDone(t("restored", { label }));
    } catch (error) {
      toastError(error);
    }
    done();
  };
  return (
    <Group justify="space-between" wrap="nowrap" role="status">
      <bdi>{t("deleted", { label })}</bdi>
      <Button variant="default" loading={busy} onClick={() => void undo()}>
        {t("undo")}
      </Button>
    </Group>
  );
}
