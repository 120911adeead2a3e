"""Where secrets rest. Each provider is one file in this folder."""
