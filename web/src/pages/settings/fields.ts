/** The settings, what each may be and what holds unless somebody decides. The ranges are those of the REST. */

import type { Schema } from "~/api/client";

export type Settings = Schema<"SettingsRead">;
export type Values = Omit<Settings, "version">;
export type Name = keyof Values;
/** null: the default. */
export type Wanted = Values[Name] | null;

export type NumberName = Exclude<Name, "schedulingMode" | "compressionEnabled" | "summaryModel">;

export interface NumberField {
  name: NumberName;
  low: number;
  high: number;
  /** null: half of what the model reads. */
  usual: number | null;
  step: number;
  /** The variable that gives another default to an installation. */
  variable?: string;
}

const field = (name: NumberName, low: number, high: number, usual: number | null, step = 1, variable?: string): NumberField => ({ name, low, high, usual, step, variable });

export const GROUPS = {
  when: [
    field("compressionTokens", 10_000, 1_000_000, null, 10_000, "HEADGATE_COMPRESSION_TOKENS"),
    field("compressionMessages", 20, 2000, 200, 10, "HEADGATE_COMPRESSION_MESSAGES"),
    field("compressionKeep", 4, 100, 30, 1, "HEADGATE_COMPRESSION_KEEP"),
    field("compressionToolLookback", 4, 20, 8),
  ],
  how: [
    field("compressionRatio", 0.05, 0.5, 0.15, 0.01),
    field("compressionBatchMessages", 2, 20, 20),
    field("compressionBatchCharacters", 10_000, 100_000, 40_000, 1000),
  ],
  bounds: [
    field("compressionKeyTokensPerDay", 0, 100_000_000_000, 2_000_000, 100_000),
    field("compressionSeconds", 5, 300, 60, 5),
    field("compressionTtlMinutes", 1, 60, 60),
    field("compressionEntries", 10, 2000, 500, 10),
    field("compressionOriginalHours", 0, 720, 24),
  ],
} as const satisfies Record<string, readonly NumberField[]>;

export type GroupName = keyof typeof GROUPS;

export const MODES = ["smart", "priority", "balanced"] as const satisfies readonly Values["schedulingMode"][];
export const COMPRESSION: readonly Name[] = ["compressionEnabled", "summaryModel", ...Object.values(GROUPS).flatMap((group) => group.map(({ name }) => name))];
