/** What is shown where no page can be: unknown addresses, missing rights, a page that broke. */

import { Button } from "@mantine/core";
import { IconLock, IconMapQuestion } from "@tabler/icons-react";
import { Component, type ErrorInfo, type ReactNode } from "react";
import { Link } from "react-router";

import { useText } from "~/i18n";
import { EmptyState, ErrorState } from "~/ui";

import { messages } from "./messages";

export function NotFound() {
  const t = useText(messages);
  const home = (
    <Button component={Link} to="/" variant="default">
      {t("notFound.home")}
    </Button>
  );
  return <EmptyState icon={IconMapQuestion} title={t("notFound.title")} text={t("notFound.text")} action={home} />;
}

export function Denied() {
  const t = useText(messages);
  return <EmptyState icon={IconLock} title={t("denied.title")} text={t("denied.text")} />;
}

/** Keeps a defect of one page from taking the shell with it. `key` it by the path. */
export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidCatch(error: Error, info: ErrorInfo) {
    console.error(error, info.componentStack);
  }

  override render() {
    if (!this.state.error) return this.props.children;
    // A chunk that a newer build replaced is there again after loading the console anew.
    return <ErrorState error={this.state.error} retry={() => location.reload()} />;
  }
}
