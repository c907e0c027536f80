"""Use cases: ask policy, write, then change what is remembered."""
