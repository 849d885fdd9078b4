"""Events on their way from the database's truth to the browsers. Knows no other app."""
