import { Button, Group, Menu, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBookmark, IconBookmarkPlus, IconChevronDown, IconListDetails, IconTrash } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { useActions } from "~/shell/actions";
import { Foreign, toastDone } from "~/ui";

import { messages } from "./messages";
import { dropView, keepView, storedViews } from "./stored-views";

/** Filters by name: those that were saved, and saving those in force. */
export function Views() {
  const t = useText(messages);
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const [views, setViews] = useState(storedViews);
  const [saving, { open, close }] = useDisclosure();
  const show = (query: string) => void navigate({ pathname: "/requests", search: query });
  const save = (name: string) => {
    setViews(keepView({ name, query: params.toString() }));
    toastDone(t("views.saved", { name }));
    close();
  };
  useActions([
    { id: "requests-save-view", label: t("views.save"), icon: IconBookmarkPlus, run: open },
    ...views.map((view) => ({ id: `requests-view-${view.name}`, label: `${t("views")}: ${view.name}`, icon: IconBookmark, run: () => show(view.query) })),
  ]);
  return (
    <>
      <Menu position="bottom-end" width={300}>
        <Menu.Target>
          <Button variant="default" leftSection={<IconBookmark size={16} aria-hidden />} rightSection={<IconChevronDown size={14} aria-hidden />}>
            {t("views")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown mah="60dvh" style={{ overflowY: "auto" }}>
          <Menu.Item leftSection={<IconListDetails size={16} aria-hidden />} onClick={() => show("")}>
            {t("views.all")}
          </Menu.Item>
          {views.map((view) => (
            <SavedView key={view.name} name={view.name} show={() => show(view.query)} drop={() => setViews(dropView(view.name))} />
          ))}
          {views.length === 0 && (
            <Text size="xs" c="dimmed" px="sm" py={4}>
              {t("views.none")}
            </Text>
          )}
          <Menu.Divider />
          <Menu.Item leftSection={<IconBookmarkPlus size={16} aria-hidden />} onClick={open}>
            {t("views.save")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <SaveView opened={saving} close={close} save={save} />
    </>
  );
}

function SavedView({ name, show, drop }: { name: string; show: () => void; drop: () => void }) {
  const t = useText(messages);
  const label = t("views.delete", { name });
  return (
    <Group gap={4} wrap="nowrap">
      <Menu.Item leftSection={<IconBookmark size={16} aria-hidden />} onClick={show}>
        <Foreign text={name} />
      </Menu.Item>
      <Menu.Item w={36} miw={36} px={10} aria-label={label} title={label} closeMenuOnClick={false} onClick={drop}>
        <IconTrash size={15} aria-hidden />
      </Menu.Item>
    </Group>
  );
}

const LONGEST_NAME = 80;

function SaveView({ opened, close, save }: { opened: boolean; close: () => void; save: (name: string) => void }) {
  const t = useText(messages);
  const common = useCommon();
  const [name, setName] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!name.trim()) return;
    save(name.trim());
    setName("");
  };
  return (
    <Modal opened={opened} onClose={close} title={t("views.title")} closeButtonProps={{ "aria-label": common("close") }}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput label={common("name")} description={t("views.hint")} maxLength={LONGEST_NAME} required withAsterisk={false} data-autofocus value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {common("cancel")}
            </Button>
            <Button type="submit">{common("save")}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
