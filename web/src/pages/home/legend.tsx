import { Anchor } from "@mantine/core";
import { Link } from "react-router";

import { useFormat } from "~/i18n/format";
import { EndingBadge } from "~/ui";

import styles from "./home.module.css";
import { ENDINGS, listed, type Slot } from "./overview";

/** What the colours mean, how many there were of each, and the way to them. */
export function Legend({ all }: { all: Slot }) {
  const { number } = useFormat();
  return (
    <div className={styles.legend}>
      {ENDINGS.map((ending) => (
        <Anchor key={ending} component={Link} to={listed(all, ending)} className={styles.legendItem}>
          <EndingBadge ending={ending} /> {number(all.counts[ending])}
        </Anchor>
      ))}
    </div>
  );
}
