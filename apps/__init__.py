"""The rooms of the house; docs/decisions and .importlinter say who may call whom."""
