"""The objects of a simulated Kubernetes API, shaped as the real one answers them."""
