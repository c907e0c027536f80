"""The summarizer service: shortens conversations that are too long for their model."""
