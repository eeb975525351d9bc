"""Which values the pins of a layer read: fixed, or learned among candidates."""
