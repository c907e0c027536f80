"""The control plane: who may use what, which account serves it, and what it cost."""
