"""The worker's sign of life; those that check clusters leave theirs with each tick."""
