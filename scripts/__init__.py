"""Sets up, checks and tests a clone: `python -m scripts.setup`, `python -m scripts.check`."""
