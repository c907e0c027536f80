"""How fast the console's pages answer over a million requests."""
