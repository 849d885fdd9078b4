"""What is done with alerts: taken in, compared with their source, worked on, told of."""
