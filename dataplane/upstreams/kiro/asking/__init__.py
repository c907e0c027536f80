"""A call as the body that Kiro takes."""
