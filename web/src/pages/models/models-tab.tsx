import { Button } from "@mantine/core";
import { IconBoxModel2 } from "@tabler/icons-react";
import { Link } from "react-router";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { useFormat } from "~/i18n/format";
import { type Column, DataTable, EmptyState, FilterBar, Foreign, Loaded, SearchFilter, SelectFilter, Tokens, useUrlState } from "~/ui";

import { useModels, usePrices, useRoutes } from "./data";
import { messages } from "./messages";
import styles from "./models.module.css";
import { kindName, KINDS, type Model, type Price, type Route } from "./parts";
import { priceOf } from "./pricing";
import { fallbacksOf } from "./resolving";
import { useDollars } from "./dollars";

/** Every model that some account offers. */
export function ModelsTab() {
  const t = useText(messages);
  const common = useCommon();
  const query = useModels();
  const prices = usePrices().data?.prices ?? [];
  const routes = useRoutes().data?.routes ?? [];
  const [filters, change, clear] = useUrlState(["q", "kind"]);
  const { number } = useFormat();
  const columns: Column<Model>[] = [
    { id: "id", header: common("model"), width: "26%", sort: (model) => model.id, cell: (model) => <Name model={model} /> },
    { id: "kind", header: common("kind"), width: "8.5rem", sort: (model) => model.kind, cell: (model) => kindName(model.kind) },
    { id: "window", header: t("window"), align: "right", sort: (model) => model.contextWindow ?? 0, cell: (model) => <Tokens value={model.contextWindow} /> },
    { id: "output", header: t("output"), align: "right", sort: (model) => model.maxOutput ?? 0, cell: (model) => <Tokens value={model.maxOutput} /> },
    { id: "rate", header: t("rate"), align: "right", sort: (model) => model.rate ?? 0, cell: (model) => (model.rate === null ? "–" : `${number(model.rate)}×`) },
    { id: "price", header: t("price"), align: "right", width: "9rem", sort: (model) => priceOf(model, prices)?.input ?? -1, cell: (model) => <PriceCell price={priceOf(model, prices)} /> },
    { id: "routes", header: t("routes"), width: "26%", wide: true, cell: (model) => <Routes model={model} routes={routes} /> },
  ];
  const active = Boolean(filters.q || filters.kind);
  return (
    <>
      <FilterBar active={active} clear={clear}>
        <SearchFilter label={t("find")} value={filters.q} onChange={(q) => change({ q })} width={260} />
        <SelectFilter label={common("kind")} value={filters.kind} onChange={(kind) => change({ kind })} options={Object.entries(KINDS).map(([value, label]) => ({ value, label }))} />
      </FilterBar>
      <Loaded query={query} rows={10}>
        {({ models }) => (
          <DataTable
            items={models.filter((model) => fits(model, routes, filters))}
            columns={columns}
            label={t("list")}
            rowId={(model) => `${model.kind}/${model.id}`}
            empty={<Empty filtered={active} clear={clear} />}
          />
        )}
      </Loaded>
    </>
  );
}

function fits(model: Model, routes: readonly Route[], { q, kind }: { q: string; kind: string }): boolean {
  const names = [model.id, model.displayName, ...model.aliases, ...model.routes, ...fallbacksOf(model, routes)];
  return (!kind || model.kind === kind) && names.some((name) => name.toLowerCase().includes(q.trim().toLowerCase()));
}

function Name({ model }: { model: Model }) {
  const t = useText(messages);
  const named = model.displayName !== model.id ? model.displayName : "";
  const also = model.aliases.length > 0 ? `${t("aliases")}: ${model.aliases.join(", ")}` : "";
  return (
    <div className={styles.two}>
      <Foreign text={model.id} lines={2} mono />
      {(named || also) && (
        <span className={styles.quiet}>
          <Foreign text={[named, also].filter(Boolean).join(" · ")} lines={2} />
        </span>
      )}
    </div>
  );
}

function PriceCell({ price }: { price: Price | null }) {
  const t = useText(messages);
  const dollars = useDollars();
  if (!price) return <span className={styles.quiet}>{t("noPrice")}</span>;
  return (
    <span title={t("priceHint", { model: price.model })}>
      {dollars(price.input)} / {dollars(price.output)}
    </span>
  );
}

/** Routes that lead to it: first of all, or when others cannot serve. */
function Routes({ model, routes }: { model: Model; routes: readonly Route[] }) {
  const t = useText(messages);
  const names = [...model.routes, ...fallbacksOf(model, routes).map((name) => t("route.later", { name }))];
  return names.length > 0 ? <Foreign text={names.join(", ")} lines={3} /> : <span className={styles.quiet}>–</span>;
}

function Empty({ filtered, clear }: { filtered: boolean; clear: () => void }) {
  const t = useText(messages);
  const common = useCommon();
  if (filtered) {
    const action = (
      <Button variant="default" onClick={clear}>
        {common("clear")}
      </Button>
    );
    return <EmptyState icon={IconBoxModel2} title={common("noMatch")} action={action} />;
  }
  const action = (
    <Button component={Link} to="/accounts">
      {t("models.noneAction")}
    </Button>
  );
  return <EmptyState icon={IconBoxModel2} title={t("models.none")} text={t("models.noneText")} action={action} />;
}
