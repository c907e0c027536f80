"""Pure decisions: what is known, the time and chance come in as arguments."""
