"""PromQL read as a tree: held to limits and rights, and split into what each cluster can answer."""
