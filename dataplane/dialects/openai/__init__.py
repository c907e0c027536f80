"""What the protocols of OpenAI have in common: errors, rate headers, the model list, and what bodies of both hold."""
