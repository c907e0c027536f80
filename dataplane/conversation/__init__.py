"""What a conversation is, and what may happen in an answer. Standard library only."""
