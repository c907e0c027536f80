import { Drawer } from "@mantine/core";
import { type ReactNode, useCallback } from "react";
import { useLocation, useNavigate } from "react-router";

import { useCommon } from "~/i18n/common";

/** Which row of the list at `base` is open, by the address: /accounts/acc_1. The query with the filters stays. */
export function useOpened(base: string) {
  const { pathname, search } = useLocation();
  const navigate = useNavigate();
  const rest = pathname.startsWith(`${base}/`) ? pathname.slice(base.length + 1) : "";
  const id = rest ? safeDecode(rest) : null;
  const open = useCallback((wanted: string) => void navigate(`${base}/${encodeURIComponent(wanted)}${search}`), [navigate, base, search]);
  const close = useCallback(() => void navigate(base + search), [navigate, base, search]);
  return { id, open, close };
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

interface DrawerPageProps {
  opened: boolean;
  onClose: () => void;
  title: ReactNode;
  size?: string;
  children: ReactNode;
}

/** Details over a list. Esc closes it, and the focus goes back to the row. */
export function DrawerPage({ opened, onClose, title, size, children }: DrawerPageProps) {
  const t = useCommon();
  return (
    <Drawer opened={opened} onClose={onClose} title={title} size={size} closeButtonProps={{ "aria-label": t("close") }}>
      <div style={{ "--table-top": "3.75rem" } as object}>{children}</div>
    </Drawer>
  );
}
