"""PromQL of the fleet: read, limited, divided."""
