"""What one may ask about alerts: lists, groups, one of them, and figures. Nothing is changed."""
