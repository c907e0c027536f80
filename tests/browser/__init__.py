"""Stories that people live through in the console, told by a real browser to the whole stack."""
