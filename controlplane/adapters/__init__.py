"""What the ports mean in the outside world: the database, the clock, secrets, the providers."""
