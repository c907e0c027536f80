import { Skeleton } from "@mantine/core";

import { useCommon } from "~/i18n/common";

import styles from "./home.module.css";

const FIGURES = 6;
const CHARTS = 4;

/** Holds the places of all parts of the page. */
export function Skeletons() {
  const t = useCommon();
  return (
    <div role="status" aria-label={t("loading")}>
      <Skeleton height={72} mb="md" />
      <div className={styles.figures}>
        {Array.from({ length: FIGURES }, (_, at) => (
          <Skeleton key={at} height={48} />
        ))}
      </div>
      <div className={styles.grid}>
        {Array.from({ length: CHARTS }, (_, at) => (
          <Skeleton key={at} height={316} radius="md" />
        ))}
      </div>
    </div>
  );
}
