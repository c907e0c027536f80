/** What a key has used of its limits, for those who hand keys out and for those who hold one. */

export { KeyStats } from "./key-stats";
export { LimitList } from "./limit-list";
export { TightestLimit } from "./tightest";
export { PERIODS, type Period, type Unit, UNITS, type Usage } from "./windows";
