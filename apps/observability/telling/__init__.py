"""What is said to those who are told of alerts, and in which form. Nothing is asked or stored."""
