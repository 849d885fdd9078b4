"""In English, the one language that there is."""
