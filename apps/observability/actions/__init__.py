"""What changes something: the only places that write, and that publish events."""
