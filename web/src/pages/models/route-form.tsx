import { Button, SegmentedControl, Text, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useEffect, useRef } from "react";

import { useText } from "~/i18n";

import { type EditedRoute, type EditedTarget, moved, newTarget } from "./draft";
import { messages } from "./messages";
import styles from "./models.module.css";
import type { World } from "./resolving";
import { TargetRow } from "./target-row";
import type { Fault } from "./use-editing";

interface RouteFormProps {
  route: EditedRoute;
  change: (route: EditedRoute) => void;
  fault: Fault | null;
  world: Omit<World, "routes">;
}

const MOST_TARGETS = 20;
const MATCHES = ["exact", "prefix"] as const satisfies readonly EditedRoute["match"][];

/** A route's name and its chain of targets. */
export function RouteForm({ route, change, fault, world }: RouteFormProps) {
  const t = useText(messages);
  const list = useRef<HTMLOListElement>(null);
  const focus = useRef<string | null>(null);
  // What was moved is drawn elsewhere, and would lose the focus.
  useEffect(() => {
    if (focus.current) list.current?.querySelector<HTMLElement>(`[data-focus="${focus.current}"]:not(:disabled)`)?.focus();
    focus.current = null;
  });
  const told = (field: string) => (fault?.field === field ? fault.message : undefined);
  const put = (targets: readonly EditedTarget[]) => change({ ...route, targets });
  const move = (place: number, by: -1 | 1, back: string) => {
    focus.current = back;
    put(moved(route.targets, place, by));
  };
  return (
    <div className={styles.form}>
      <div className={styles.named}>
        <TextInput label={t("routeName")} maxLength={128} autoFocus={route.name === ""} value={route.name} error={told("name")} onChange={(event) => change({ ...route, name: event.currentTarget.value })} />
        <div role="group" aria-label={t("match")}>
          <SegmentedControl
            value={route.match}
            onChange={(match) => change({ ...route, match: match as EditedRoute["match"] })}
            data={MATCHES.map((value) => ({ value, label: t(`match.${value}.text`) }))}
          />
        </div>
      </div>
      <Text fw={600} size="sm">
        {t("targets")}
      </Text>
      <ol className={styles.targets} ref={list} aria-label={t("targets")}>
        {route.targets.map((target, place) => (
          <TargetRow
            key={target.key}
            target={target}
            place={place}
            count={route.targets.length}
            told={(field) => told(`targets[${place}].${field}`)}
            change={(changed) => put(route.targets.map((other) => (other.key === changed.key ? changed : other)))}
            move={(by, back) => move(place, by, back)}
            remove={() => put(route.targets.filter((other) => other.key !== target.key))}
            world={world}
          />
        ))}
      </ol>
      {told("targets") && (
        <Text size="sm" c="red" role="alert">
          {told("targets")}
        </Text>
      )}
      <div className={styles.formFoot}>
        <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} disabled={route.targets.length >= MOST_TARGETS} onClick={() => put([...route.targets, newTarget()])}>
          {t("addTarget")}
        </Button>
        <Text size="xs" c="dimmed">
          {t("model.hint")} {t("keysHint")}
        </Text>
      </div>
    </div>
  );
}
