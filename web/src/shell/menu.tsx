import { ScrollArea, Tooltip } from "@mantine/core";
import { NavLink } from "react-router";

import { useLabel } from "~/i18n";
import { type GroupName, GROUPS, mayVisit, type PageRoute, ROUTES, type Visitor } from "~/routes";

import styles from "./shell.module.css";

/** The menu: pages by group. `narrow`: only icons. */
export function MainMenu({ visitor, narrow, chosen }: { visitor: Visitor; narrow: boolean; chosen: () => void }) {
  const say = useLabel();
  const shown = ROUTES.filter((route) => !route.hidden && mayVisit(route, visitor));
  const groups = (Object.keys(GROUPS) as GroupName[]).map((name) => [name, shown.filter((route) => route.group === name)] as const);
  return (
    <ScrollArea type="auto" offsetScrollbars={false} flex={1}>
      {groups
        .filter(([, routes]) => routes.length > 0)
        .map(([name, routes]) => (
          <div key={name}>
            <div className={styles.group}>{narrow ? null : say(GROUPS[name])}</div>
            {routes.map((route) => (
              <MenuLink key={route.path} route={route} narrow={narrow} chosen={chosen} />
            ))}
          </div>
        ))}
    </ScrollArea>
  );
}

function MenuLink({ route, narrow, chosen }: { route: PageRoute; narrow: boolean; chosen: () => void }) {
  const say = useLabel();
  const { path, label, icon: Icon } = route;
  return (
    <Tooltip label={say(label)} position="right" disabled={!narrow}>
      <NavLink to={path} end={path === "/"} className={styles.link} onClick={chosen} aria-label={narrow ? say(label) : undefined}>
        <Icon size={18} stroke={1.6} aria-hidden />
        {!narrow && say(label)}
      </NavLink>
    </Tooltip>
  );
}
