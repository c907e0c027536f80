import { Title } from "@mantine/core";
import { Link } from "react-router";

import { useLabel, useText } from "~/i18n";
import { ROUTES } from "~/routes";
import { LanguageMenu, ThemeMenu } from "~/shell/header";
import { Mark } from "~/shell/mark";

import { SignInForm } from "./form";
import { messages } from "./messages";
import styles from "./sign-in.module.css";

/** Stands in place of a page that needs a session; the address stays, so it is there afterwards. */
export function SignIn() {
  const t = useText(messages);
  const say = useLabel();
  const open = ROUTES.filter((route) => route.access === "everybody");
  return (
    <div className={styles.page}>
      <div className={styles.corner}>
        <LanguageMenu />
        <ThemeMenu />
      </div>
      <main className={styles.panel}>
        <div className={styles.brand}>
          <Mark size={24} />
          Headgate
        </div>
        <Title order={1} mb="md">
          {t("title")}
        </Title>
        <SignInForm />
        {open.length > 0 && (
          <nav className={styles.open} aria-label={t("withoutAccount")}>
            <span>{t("withoutAccount")}</span>
            {open.map((route) => (
              <Link key={route.path} to={route.path}>
                {say(route.label)}
              </Link>
            ))}
          </nav>
        )}
      </main>
    </div>
  );
}
