"""A call into the body of a request."""
