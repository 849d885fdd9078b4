"""What things cost, measured; run by `make bench`, never with the tests."""
