import { ActionIcon, Autocomplete, MultiSelect, Select, Tooltip } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconTrash } from "@tabler/icons-react";
import type { KeyboardEvent } from "react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";

import type { EditedTarget } from "./draft";
import { messages } from "./messages";
import styles from "./models.module.css";
import { KINDS } from "./parts";
import type { World } from "./resolving";

interface TargetRowProps {
  target: EditedTarget;
  place: number;
  count: number;
  told: (field: string) => string | undefined;
  change: (target: EditedTarget) => void;
  /** `back`: what has the focus then. */
  move: (by: -1 | 1, back: string) => void;
  remove: () => void;
  world: Omit<World, "routes">;
}

const DRAWN = 100;

/** Who may serve: a model at the accounts of a kind, or at some of them. */
export function TargetRow({ target, place, count, told, change, move, remove, world }: TargetRowProps) {
  const t = useText(messages);
  const common = useCommon();
  const said = { place: place + 1 };
  const names = [...new Set(world.models.filter(({ kind }) => kind === target.kind).map(({ id }) => id))];
  const offered = world.accounts.filter(({ kind }) => kind === target.kind).map(({ id, label }) => ({ value: id, label }));
  const gone = target.accountIds.filter((id) => !offered.some(({ value }) => value === id)).map((id) => ({ value: id, label: id }));
  const up = { "aria-label": t("upOf", said), disabled: place === 0, "data-focus": `${target.key}.up` };
  const down = { "aria-label": t("downOf", said), disabled: place === count - 1, "data-focus": `${target.key}.down` };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    event.stopPropagation();
    const field = (event.target as HTMLElement).dataset.focus ?? `${target.key}.model`;
    move(event.key === "ArrowUp" ? -1 : 1, field);
  };
  return (
    // Its fields hear the keys; the buttons do the same.
    <li className={styles.target} aria-label={t("target", said)} onKeyDownCapture={onKeyDown}>
      <span className={styles.place} aria-hidden>
        {place + 1}
      </span>
      <Select
        label={t("kind")}
        data={Object.entries(KINDS).map(([value, label]) => ({ value, label }))}
        value={target.kind}
        allowDeselect={false}
        error={told("kind")}
        data-focus={`${target.key}.kind`}
        onChange={(kind) => kind && change({ ...target, kind, accountIds: [] })}
      />
      <Autocomplete
        label={t("model")}
        placeholder={t("model.same")}
        data={names}
        limit={DRAWN}
        value={target.model}
        error={told("model")}
        data-focus={`${target.key}.model`}
        onChange={(model) => change({ ...target, model })}
      />
      <MultiSelect
        label={t("accounts")}
        placeholder={target.accountIds.length === 0 ? t("accounts.all") : undefined}
        data={[...offered, ...gone]}
        limit={DRAWN}
        searchable
        value={[...target.accountIds]}
        error={told("accountIds")}
        data-focus={`${target.key}.accounts`}
        onChange={(accountIds) => change({ ...target, accountIds })}
      />
      <div className={styles.moves}>
        <Tooltip label={t("up")}>
          <ActionIcon {...up} onClick={() => move(-1, place === 1 ? `${target.key}.down` : `${target.key}.up`)}>
            <IconArrowUp size={16} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={t("down")}>
          <ActionIcon {...down} onClick={() => move(1, place === count - 2 ? `${target.key}.up` : `${target.key}.down`)}>
            <IconArrowDown size={16} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={common("delete")}>
          <ActionIcon aria-label={t("removeTarget", said)} disabled={count === 1} onClick={remove}>
            <IconTrash size={16} />
          </ActionIcon>
        </Tooltip>
      </div>
    </li>
  );
}
