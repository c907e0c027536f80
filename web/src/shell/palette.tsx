import "@mantine/spotlight/styles.css";

import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from "@mantine/spotlight";
import { IconListSearch, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useNavigate } from "react-router";

import { useLabel, useText } from "~/i18n";
import { mayVisit, ROUTES, type Visitor } from "~/routes";

import { useOffered } from "./actions";
import { messages } from "./messages";

/** Ids of requests: one long word with a digit in it. */
const REQUEST_ID = /^(?=.*\d)[\w-]{8,128}$/;

/** Ctrl-K: pages, what the page at hand offers, a request by its id. */
export default function Palette({ visitor }: { visitor: Visitor }) {
  const t = useText(messages);
  const say = useLabel();
  const navigate = useNavigate();
  const offered = useOffered();
  const [query, setQuery] = useState("");
  const id = query.trim();
  const pages: SpotlightActionData[] = ROUTES.filter((route) => mayVisit(route, visitor)).map(({ path, label, icon: Icon }) => ({
    id: path,
    label: say(label),
    keywords: [label.en, label.zh],
    leftSection: <Icon size={18} stroke={1.6} />,
    onClick: () => void navigate(path),
  }));
  const actions: SpotlightActionData[] = offered.map(({ id: name, label, icon: Icon, run }) => ({
    id: name,
    label,
    leftSection: <Icon size={18} stroke={1.6} />,
    onClick: run,
  }));
  if (visitor.signedIn && REQUEST_ID.test(id)) {
    actions.push({
      id: "request",
      label: t("palette.request", { id }),
      keywords: id,
      leftSection: <IconListSearch size={18} stroke={1.6} />,
      onClick: () => void navigate(`/requests/${encodeURIComponent(id)}`),
    });
  }
  const groups: SpotlightActionGroupData[] = [
    { group: t("palette.actions"), actions },
    { group: t("palette.pages"), actions: pages },
  ];
  return (
    <Spotlight
      actions={groups.filter((group) => group.actions.length > 0)}
      query={query}
      onQueryChange={setQuery}
      shortcut={null}
      nothingFound={t("palette.nothing")}
      searchProps={{ leftSection: <IconSearch size={18} />, placeholder: t("palette.search"), "aria-label": t("palette.search") }}
      centered={false}
      yOffset="12dvh"
      overlayProps={{ blur: 0, backgroundOpacity: 0.35 }}
      scrollable
      maxHeight={420}
      size={560}
    />
  );
}
