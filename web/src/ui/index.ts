/** The kit: what all pages are made of. CONVENTIONS.md lists it. */

export { Badge, EndingBadge, StatusBadge } from "./badges";
export { Bar, HealthMeter } from "./bar";
export { CodeBlock, CopyButton, Secret } from "./copy";
export { deleteWithUndo, toastDone, toastError, useConfirm } from "./dialogs";
export { Difference } from "./difference";
export { DrawerPage, useOpened } from "./drawer";
export { Countdown, Duration, Moment, Money, TimeAgo, Tokens } from "./figures";
export { FilterBar, type Option, SearchFilter, SelectFilter } from "./filters";
export { Foreign } from "./foreign";
export { FormFoot, showAtField, useSending } from "./form";
export { Facts, PageHeader, Panel, Section, Stat } from "./layout";
export { LoadMore } from "./load-more";
export { useNow } from "./now";
export { EmptyState, ErrorState, Loaded, Loading, useErrorText } from "./states";
export { type Column, DataTable } from "./table";
export { loadTone, type Tone, toneClass } from "./tone";
export { useUrlState } from "./url-state";
