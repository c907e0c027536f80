/** An account for tests. */

import type { Account } from "./kinds";

export const account = (given: Partial<Account> = {}): Account => ({
  id: "acc_1", kind: "kiro", label: "Team", authMethod: "social", region: "us-east-1", profileArn: "", machineId: "m", baseUrl: "", proxyUrl: "",
  models: [], offeredModels: ["m1"], priority: 0, maxConcurrency: 0, disabled: false, createdAt: "2026-01-01T00:00:00Z", hasRefreshToken: true,
  hasAccessToken: true, expiresAt: null, status: "active", reason: "", until: null, health: 100, healthParts: { successShare: null, faults: {} },
  latencyMs: null, breakers: [], ceiling: null, inFlight: 0, allowance: null,
  stats: { totalRequests: 0, successRequests: 0, failedRequests: 0, totalCredits: 0, totalCost: 0, inputTokens: 0, outputTokens: 0, savedTokens: 0, summaryTokens: 0 },
  ...given,
});
