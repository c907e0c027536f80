"""How a conversation is shortened: where it is cut, what a model is asked, what stands in its place. Values and rules only."""
