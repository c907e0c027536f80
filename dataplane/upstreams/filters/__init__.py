"""What the gateway does to an answer's text where the upstream has no seat for what the client asked."""
