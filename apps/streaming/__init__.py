"""Events on their way from the database's truth to the browsers. Knows accounts, no other app."""
