import { ActionIcon, Menu, Tooltip, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { openSpotlight } from "@mantine/spotlight";
import { IconDeviceDesktop, IconLanguage, IconLogin2, IconLogout, IconMoon, IconSearch, IconShieldLock, IconSun, IconUser, IconWand } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "react-router";

import { api, of } from "~/api/client";
import { useEvent, useLinkStatus } from "~/api/events";
import { useSession, useSigning } from "~/api/session";
import { type Language, LANGUAGES, setLanguage, useLanguage, useText } from "~/i18n";
import { toastError, type Tone, toneClass } from "~/ui";

import { messages } from "./messages";
import styles from "./shell.module.css";

const HEALTH = ["health"] as const;

/** One dot and a few words: can requests be served? */
export function StateDot() {
  const t = useText(messages);
  const client = useQueryClient();
  const { data, error } = useQuery({ queryKey: HEALTH, queryFn: () => of(api.GET("/api/proxy/health")) });
  useEvent("account", () => void client.invalidateQueries({ queryKey: HEALTH }));
  if (!data && !error) return null;
  const { available = 0, total = 0 } = data?.accounts ?? {};
  const tone: Tone = !data ? "off" : available === 0 ? "bad" : available < total ? "warn" : "ok";
  const ready = t("ready", { available, count: total });
  const text = !data ? t("away") : total === 0 ? t("noAccounts") : available === 0 ? t("noneReady") : ready;
  return (
    <div className={styles.state} role="status">
      <span className={`${styles.dot} ${toneClass(tone)}`} data-shape={tone === "ok" ? "round" : "square"} aria-hidden />
      {text}
    </div>
  );
}

/** Whether what is shown is up to date. */
export function LiveMark() {
  const t = useText(messages);
  const link = useLinkStatus();
  if (link === "off") return null;
  const up = link === "connected";
  return (
    <Tooltip label={up ? t("live.hint") : t("reconnecting.hint")}>
      <div className={`${styles.state} ${styles.live}`} role="status">
        <span className={`${styles.dot} ${toneClass(up ? "accent" : "warn")}`} data-shape={up ? "round" : "square"} aria-hidden />
        <span className={styles.liveText}>{up ? t("live") : t("reconnecting")}</span>
      </div>
    </Tooltip>
  );
}

export function SearchButton() {
  const t = useText(messages);
  return (
    <Tooltip label={t("palette.open")}>
      <ActionIcon aria-label={t("palette.open")} onClick={openSpotlight}>
        <IconSearch size={18} stroke={1.7} />
      </ActionIcon>
    </Tooltip>
  );
}

export function LanguageMenu() {
  const t = useText(messages);
  const { language } = useLanguage();
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon aria-label={t("language")}>
          <IconLanguage size={18} stroke={1.7} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(Object.keys(LANGUAGES) as Language[]).map((offered) => (
          <Menu.Item key={offered} lang={offered} fw={offered === language ? 600 : undefined} onClick={() => setLanguage(offered)}>
            {LANGUAGES[offered]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

const SCHEMES = [
  ["light", IconSun],
  ["dark", IconMoon],
  ["auto", IconDeviceDesktop],
] as const;

export function ThemeMenu() {
  const t = useText(messages);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Current = SCHEMES.find(([scheme]) => scheme === colorScheme)?.[1] ?? IconSun;
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon aria-label={t("theme")}>
          <Current size={18} stroke={1.7} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {SCHEMES.map(([scheme, Icon]) => (
          <Menu.Item key={scheme} leftSection={<Icon size={16} />} fw={scheme === colorScheme ? 600 : undefined} onClick={() => setColorScheme(scheme)}>
            {t(`theme.${scheme}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Who is signed in, or the way to it. */
export function UserMenu() {
  const t = useText(messages);
  const { user, isAdmin } = useSession();
  const { signOut } = useSigning();
  const navigate = useNavigate();
  if (!user) {
    return (
      <Tooltip label={t("signIn")}>
        <ActionIcon component={Link} to="/" aria-label={t("signIn")}>
          <IconLogin2 size={18} stroke={1.7} />
        </ActionIcon>
      </Tooltip>
    );
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <UnstyledButton aria-label={t("user", { name: user.name })} className={styles.link}>
          <IconUser size={18} stroke={1.7} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <bdi>{user.name}</bdi> · {t(`role.${user.role}`)}
        </Menu.Label>
        {isAdmin && (
          <Menu.Item leftSection={<IconWand size={16} />} onClick={() => void navigate("/welcome")}>
            {t("guide")}
          </Menu.Item>
        )}
        <Menu.Item leftSection={<IconShieldLock size={16} />} onClick={() => void navigate("/security")}>
          {t("security")}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut().catch(toastError)}>
          {t("signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
