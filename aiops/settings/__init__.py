"""One module per way of running: development, test, production."""
