"""What is done with readings of GPUs: stored, told, added up, forgotten."""
