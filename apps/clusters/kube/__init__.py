"""What we know of Kubernetes' own formats."""
