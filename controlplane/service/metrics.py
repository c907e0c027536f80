"""What the control plane counts for its operators."""

from prometheus_client import Counter, Gauge

UNAUTHENTICATED = Counter("headgate_authentication_failures", "Credentials that were refused, by reason", ["reason"])
REFUSED = Counter("headgate_admission_refusals", "Authenticated requests that were refused, by reason", ["reason"])
ENDED = Counter("headgate_settled_requests", "Requests that ended, by ending", ["ending"])
EXPIRED = Counter("headgate_leases_expired", "Leases whose end nobody reported in time")
OPEN = Gauge("headgate_open_leases", "Requests under way")
WAITING = Gauge("headgate_waiting_requests", "Requests that wait for an account")
MISSING = Gauge("headgate_outcomes_missing", "Outcomes that a data plane numbered and that never came")
UNWRITTEN = Gauge("headgate_audit_unwritten", "Changes that wait to be written to the audit log")
BACKLOG = Gauge("headgate_ledger_backlog", "Usage records that wait to be written")
FLUSH_FAILED = Counter("headgate_ledger_flush_failures", "Batches of usage records that could not be written and were kept")
UNRECORDED = Counter("headgate_ledger_unacknowledged", "Usage records that were not taken because too many wait already")
ADOPTED = Counter("headgate_ledger_adopted", "Usage records of the previous release that were taken into the rollups")
ESTIMATED = Counter("headgate_credits_estimated", "Requests whose credits the upstream did not tell, so that they were estimated")
PRUNED = Counter("headgate_pruned_rows", "Rows that were deleted because they were too old, by table", ["table"])
NONCES = Counter("headgate_nonce_fetches", "Pages that were opened for a nonce, by result", ["result"])
