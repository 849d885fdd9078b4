"""The stores of credentials."""
