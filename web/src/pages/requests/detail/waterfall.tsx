import { Tooltip } from "@mantine/core";

import type { Schema } from "~/api/client";
import { useText } from "~/i18n";
import { useFormat } from "~/i18n/format";

import styles from "./detail.module.css";
import { messages } from "./messages";
import { axisEnd, type Bar, bars, ticks } from "./spans";

/** A table whose cells are bars on a common axis, so that ears have the figures too. */
export function Waterfall({ request }: { request: Schema<"RequestDetail"> }) {
  const t = useText(messages);
  const { duration } = useFormat();
  const whole = axisEnd(request.waterfall, request.durationMs);
  return (
    <table className={styles.waterfall} aria-label={t("time")}>
      <thead>
        <tr>
          <th scope="col">{t("time.what")}</th>
          <th scope="col" className={styles.axis} aria-label={t("time.when")}>
            <div className={styles.ticks} aria-hidden>
              {ticks(whole).map((tick) => (
                <span key={tick}>{duration(tick)}</span>
              ))}
            </div>
          </th>
          <th scope="col">{t("time.began")}</th>
          <th scope="col">{t("time.took")}</th>
        </tr>
      </thead>
      <tbody>
        {bars(request).map((bar, place) => (
          <WaterfallRow key={place} bar={bar} />
        ))}
      </tbody>
    </table>
  );
}

function WaterfallRow({ bar }: { bar: Bar }) {
  const t = useText(messages);
  const { duration, number } = useFormat();
  const { part, startMs, endMs } = bar;
  const moment = startMs === endMs;
  const name = part === "other" ? bar.name : t(`span.${part}`, { number: bar.number });
  const exact = (ms: number) => `${number(ms)} ms`;
  const said = moment ? `${name}: ${exact(startMs)}` : t("time.bar", { name, start: exact(startMs), end: exact(endMs) });
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className={styles.axis}>
        <Tooltip.Floating label={said}>
          <div className={styles.track}>
            <div className={styles.bar} data-part={bar.failed ? "failed" : part} data-moment={moment} style={{ insetInlineStart: `${bar.left}%`, width: moment ? undefined : `${bar.width}%` }} />
          </div>
        </Tooltip.Floating>
      </td>
      <td>{duration(startMs)}</td>
      <td>{moment ? "–" : duration(endMs - startMs)}</td>
    </tr>
  );
}
