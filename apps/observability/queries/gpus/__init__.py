"""What one may ask about GPUs: front door of the API and of all else that reads for a person."""
