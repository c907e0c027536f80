/** A decision record as the control plane reads it out (controlplane/policy/decisions.py). Members of older records may lack. */

export interface Target {
  kind: string;
  model: string;
  accountIds: string[];
}

export interface Wish {
  model: string;
  kind?: string;
  accountId?: string;
  excluded?: string[];
  sticky?: boolean;
}

export interface Exclusion {
  rule: string;
  value: string;
  until: string | null;
}

/** Of an account: either what speaks for it, by parts and with their sum, or what put it out. */
export interface Candidate {
  id: string;
  kind?: string;
  score?: Record<string, number>;
  exclusion?: Exclusion;
}

export interface Named {
  step: "named";
  written: string;
  model: string;
  kind: string;
  accountId: string;
  route: string;
  targets: Target[];
}

export interface Claimed {
  step: "claimed";
  requests: number;
  tokens: number;
  credits: number;
}

export interface Denied {
  step: "denied";
  payerId: string;
  unit: string | null;
  period: string | null;
  limit: number;
  left: number;
  retryAt: string | null;
}

export interface Chose {
  step: "chose";
  revision: number;
  mode: string;
  at: string | null;
  seed: number;
  wish: Wish;
  accountId: string | null;
  healing: boolean;
  probes: { cause: string; model: string }[];
  reason: string | null;
  retryAt: string | null;
  candidates: Candidate[];
}

export interface Full {
  step: "full";
  accountId: string;
  inFlight: number;
}

export interface Waited {
  step: "waited";
  seconds: number;
  behind: number;
}

export interface Renewed {
  step: "renewed";
  accountId: string;
  seconds: number;
  ok: boolean;
}

export interface Refused {
  step: "refused";
  reason: string;
  message: string;
}

export interface Spared {
  step: "spared";
  accountId: string;
}

export type Step = Named | Claimed | Denied | Chose | Spared | Full | Waited | Renewed | Refused;
/** One that this release does not know. */
export type Unknown = { step: string } & Record<string, unknown>;

/** The steps of a detail; the document says only that they are objects. */
export const stepsOf = (decision: readonly Record<string, unknown>[]): readonly (Step | Unknown)[] => decision as unknown as (Step | Unknown)[];

export function found<Name extends Step["step"]>(steps: readonly (Step | Unknown)[], name: Name): Extract<Step, { step: Name }> | undefined {
  return steps.findLast((step) => step.step === name) as Extract<Step, { step: Name }> | undefined;
}

/** The parts of the scores that spoke for or against anybody, without their sum. */
export function partsOf(candidates: readonly Candidate[]): string[] {
  const scores = candidates.flatMap(({ score }) => (score ? [score] : []));
  return Object.keys(scores[0] ?? {}).filter((part) => part !== "sum" && scores.some((score) => score[part]));
}
