"""GPUs as they were read, and what the readings mean: values in, values out, no network."""
