import { ActionIcon, Collapse, Tooltip, UnstyledButton } from "@mantine/core";
import { IconChevronRight, IconPencil, IconPlus, IconTrash } from "@tabler/icons-react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { Badge, Foreign } from "~/ui";

import type { EditedRoute, Mark } from "./draft";
import { messages } from "./messages";
import styles from "./models.module.css";
import type { Target } from "./parts";
import type { World } from "./resolving";
import { RouteForm } from "./route-form";
import type { Fault } from "./use-editing";

interface RouteRowProps {
  route: EditedRoute;
  mark: Mark;
  open: boolean;
  toggle: () => void;
  /** None: it may only be read. */
  change: ((route: EditedRoute) => void) | undefined;
  remove: () => void;
  fault: Fault | null;
  world: Omit<World, "routes">;
}

/** A route in one line; it opens to be edited. */
export function RouteRow({ route, mark, open, toggle, change, remove, fault, world }: RouteRowProps) {
  const t = useText(messages);
  const common = useCommon();
  const name = route.name || t("unnamed");
  const line = (
    <>
      <span className={styles.routeName}>
        <Foreign text={name} lines={2} mono />
      </span>
      <span className={styles.quiet}>{t(`match.${route.match}`)}</span>
      <Chain targets={route.targets} />
      {mark && (
        <Badge tone="note" icon={mark === "new" ? IconPlus : IconPencil}>
          {t(`mark.${mark}`)}
        </Badge>
      )}
    </>
  );
  return (
    <li className={styles.route} data-open={open}>
      <div className={styles.routeHead}>
        {change ? (
          <UnstyledButton className={styles.routeLine} aria-expanded={open} onClick={toggle}>
            <IconChevronRight className={styles.chevron} size={16} aria-hidden />
            {line}
          </UnstyledButton>
        ) : (
          <div className={styles.routeLine}>{line}</div>
        )}
        {change && (
          <Tooltip label={common("delete")}>
            <ActionIcon aria-label={t("removeRoute", { name })} onClick={remove}>
              <IconTrash size={16} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      {change && (
        <Collapse expanded={open}>{open && <RouteForm route={route} change={change} fault={fault} world={world} />}</Collapse>
      )}
    </li>
  );
}

/** Targets one after the other: openai/gpt-5 → kiro/gpt-5.6-terra */
function Chain({ targets }: { targets: readonly Target[] }) {
  const t = useText(messages);
  const said = targets.map(({ kind, model, accountIds }) => `${kind}/${model || `(${t("model.same")})`}${accountIds.length > 0 ? ` [${accountIds.length}]` : ""}`);
  return (
    <span className={styles.chain}>
      <Foreign text={said.join(" → ")} lines={2} />
    </span>
  );
}
