"""What the simulated services share: directives, the steps of an answer, and for the API-shaped ones scripts, state and control calls."""
