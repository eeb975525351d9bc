"""What devices can do, and which tools know them."""
