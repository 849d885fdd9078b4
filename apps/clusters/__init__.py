"""What we watch, and whether it is well."""
