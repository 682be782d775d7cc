"""Settings: one file of YAML or JSONC, checked whole, every error at once."""
