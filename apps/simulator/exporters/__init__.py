"""What the exporters of a cluster print, one module for each exporter."""
