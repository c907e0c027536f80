import { Button, Group } from "@mantine/core";
import { IconListDetails, IconPlayerPause, IconPlayerPlay, IconRefresh, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { useActions } from "~/shell/actions";
import { toastDone, toastError } from "~/ui";

import { type Key, useActs } from "../data";
import { messages } from "../messages";
import { RotateDialog } from "./rotate";

interface ActsProps {
  item: Key;
  isAdmin: boolean;
  onGone: () => void;
}

/** What can be done with the key that is open. */
export function Acts({ item, isAdmin, onGone }: ActsProps) {
  const t = useText(messages);
  return (
    <Group gap="xs" mb="md">
      {isAdmin && <Writes item={item} onGone={onGone} />}
      <Button variant="default" component={Link} to={`/requests?key=${encodeURIComponent(item.id)}`} leftSection={<IconListDetails size={16} aria-hidden />}>
        {t("itsRequests")}
      </Button>
    </Group>
  );
}

function Writes({ item, onGone }: { item: Key; onGone: () => void }) {
  const t = useText(messages);
  const word = useCommon();
  const acts = useActs();
  const [busy, setBusy] = useState<"toggle" | "delete" | null>(null);
  const [rotating, setRotating] = useState(false);
  const toggle = async () => {
    setBusy("toggle");
    try {
      const { enabled } = await acts.change(item.id, { enabled: !item.enabled });
      toastDone(t(enabled ? "done.enabled" : "done.disabled", { label: item.name }));
    } catch (error) {
      toastError(error);
    }
    setBusy(null);
  };
  const remove = async () => {
    setBusy("delete");
    if (await acts.removeWithUndo(item)) onGone();
    else setBusy(null);
  };
  const Switch = item.enabled ? IconPlayerPause : IconPlayerPlay;
  const toggled = word(item.enabled ? "disable" : "enable");
  useActions([
    { id: "key.rotate", label: `${t("rotate")}: ${item.name}`, icon: IconRefresh, run: () => setRotating(true) },
    { id: "key.toggle", label: `${toggled}: ${item.name}`, icon: Switch, run: () => void toggle() },
  ]);
  return (
    <>
      <Button variant="default" leftSection={<IconRefresh size={16} aria-hidden />} onClick={() => setRotating(true)}>
        {t("rotate")}
      </Button>
      <Button variant="default" leftSection={<Switch size={16} aria-hidden />} loading={busy === "toggle"} disabled={busy === "delete"} onClick={() => void toggle()}>
        {toggled}
      </Button>
      <Button variant="default" c="red" leftSection={<IconTrash size={16} aria-hidden />} loading={busy === "delete"} disabled={busy === "toggle"} onClick={() => void remove()}>
        {word("delete")}
      </Button>
      <RotateDialog item={item} opened={rotating} onClose={() => setRotating(false)} />
    </>
  );
}
