"""The questions that one may ask; the front door of the API, and of the tools to come."""
