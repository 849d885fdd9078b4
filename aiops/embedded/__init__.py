"""PostgreSQL and Redis from wheels under var/, and what keeps every process of a local
installation up. Nothing here imports Django: it runs before the settings are read."""
