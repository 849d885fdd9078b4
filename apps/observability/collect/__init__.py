"""The indicators of the fleet: which there are, how they are asked for, and what they mean."""
