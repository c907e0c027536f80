import { Kbd, Modal, Table } from "@mantine/core";
import { useDisclosure, useOs } from "@mantine/hooks";
import { openSpotlight } from "@mantine/spotlight";
import { useEffect, useRef } from "react";
import { useNavigate } from "react-router";

import { useLabel, useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { mayVisit, ROUTES, type Visitor } from "~/routes";

import { messages } from "./messages";

/** Between "g" and the letter. */
const PAUSE_MS = 1200;

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || Boolean(target.closest("input, textarea, select, [role=textbox], [role=dialog]")));
}

/** "g" and a letter go to a page, "?" explains. */
export function Keys({ visitor }: { visitor: Visitor }) {
  const [opened, { open, close }] = useDisclosure();
  const navigate = useNavigate();
  const began = useRef(0);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      // Not left to the palette, which is still on its way when the page has just opened.
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        return openSpotlight();
      }
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      if (event.key === "?") return open();
      const going = event.timeStamp - began.current < PAUSE_MS;
      began.current = event.key === "g" ? event.timeStamp : -PAUSE_MS;
      const to = going && ROUTES.find((route) => route.letter === event.key && mayVisit(route, visitor));
      if (to) void navigate(to.path);
    };
    began.current = -PAUSE_MS;
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [navigate, open, visitor]);
  return <KeysHelp opened={opened} close={close} visitor={visitor} />;
}

function KeysHelp({ opened, close, visitor }: { opened: boolean; close: () => void; visitor: Visitor }) {
  const t = useText(messages);
  const say = useLabel();
  const common = useCommon();
  const os = useOs();
  const mod = os === "macos" ? "⌘" : "Ctrl";
  const pages = ROUTES.filter((route) => route.letter && mayVisit(route, visitor));
  const rows: [string[], string][] = [
    [[mod, "K"], t("keys.palette")],
    ...pages.map((route): [string[], string] => [["g", route.letter ?? ""], t("keys.go", { page: say(route.label) })]),
    [["Enter"], t("keys.open")],
    [["Esc"], t("keys.close")],
    [["?"], t("keys.help")],
  ];
  return (
    <Modal opened={opened} onClose={close} title={t("keys")} closeButtonProps={{ "aria-label": common("close") }}>
      <Table withRowBorders={false} verticalSpacing={4}>
        <Table.Tbody>
          {rows.map(([keys, text]) => (
            <Table.Tr key={keys.join()}>
              <Table.Td w={110}>
                {keys.map((key) => (
                  <Kbd key={key} mr={4}>
                    {key}
                  </Kbd>
                ))}
              </Table.Td>
              <Table.Td>{text}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
