"""What the clusters say: asked all at once, answered in part if need be."""
