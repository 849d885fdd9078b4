"""Times as everywhere else in the product: a trail of what happened needs seconds and a zone."""

DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = "Y-m-d H:i:s e"
