"""One question to many clusters."""
