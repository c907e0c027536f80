import { ActionIcon, AppShell, Burger } from "@mantine/core";
import { useDisclosure, useLocalStorage, useMediaQuery } from "@mantine/hooks";
import { IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand } from "@tabler/icons-react";
import { lazy, type ReactNode, Suspense, useMemo } from "react";
import { Link } from "react-router";

import { useSession } from "~/api/session";
import { useText } from "~/i18n";

import { LanguageMenu, LiveMark, SearchButton, StateDot, ThemeMenu, UserMenu } from "./header";
import { Keys } from "./keys";
import { Mark } from "./mark";
import { MainMenu } from "./menu";
import { messages } from "./messages";
import styles from "./shell.module.css";

// They come after the page: nobody presses their keys before it stands.
const Palette = lazy(() => import("./palette"));
const HEADER = 48;
const WIDE = 220;
const NARROW = 56;

/** What surrounds every page: menu, header, palette, shortcuts. */
export function Shell({ children }: { children: ReactNode }) {
  const t = useText(messages);
  const { user, isAdmin } = useSession();
  const visitor = useMemo(() => ({ signedIn: Boolean(user), isAdmin }), [user, isAdmin]);
  const [opened, { toggle, close }] = useDisclosure();
  const [collapsed, setCollapsed] = useLocalStorage({ key: "headgate-menu-collapsed", defaultValue: false, getInitialValueInEffect: false });
  const phone = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  const narrow = collapsed && !phone;
  const fold = narrow ? t("expand") : t("collapse");
  const Fold = narrow ? IconLayoutSidebarLeftExpand : IconLayoutSidebarLeftCollapse;
  return (
    <AppShell
      layout="alt"
      padding="md"
      transitionDuration={0}
      header={{ height: HEADER }}
      navbar={{ width: narrow ? NARROW : WIDE, breakpoint: "sm", collapsed: { mobile: !opened } }}
    >
      <a href="#content" className={styles.skip}>
        {t("skip")}
      </a>
      <AppShell.Header className={styles.header} withBorder>
        <Burger hiddenFrom="sm" size="sm" opened={opened} onClick={toggle} aria-label={t("menu")} />
        <StateDot />
        <div style={{ flex: 1 }} />
        <LiveMark />
        <SearchButton />
        <LanguageMenu />
        <ThemeMenu />
        <UserMenu />
      </AppShell.Header>
      <AppShell.Navbar className={`${styles.navbar} ${narrow ? styles.narrow : ""}`} aria-label={t("menu")}>
        <div className={styles.brand}>
          <Link to="/" className={styles.mark} onClick={close}>
            <Mark />
            {!narrow && "Headgate"}
          </Link>
          <Burger hiddenFrom="sm" size="sm" opened={opened} onClick={close} aria-label={t("menu")} />
        </div>
        <MainMenu visitor={visitor} narrow={narrow} chosen={close} />
        <ActionIcon visibleFrom="sm" aria-label={fold} onClick={() => setCollapsed(!collapsed)} ml={narrow ? 3 : 0}>
          <Fold size={18} stroke={1.6} />
        </ActionIcon>
      </AppShell.Navbar>
      <AppShell.Main className={styles.main} id="content" tabIndex={-1}>
        <div className={styles.content}>{children}</div>
      </AppShell.Main>
      <Suspense>
        <Palette visitor={visitor} />
      </Suspense>
      <Keys visitor={visitor} />
    </AppShell>
  );
}
