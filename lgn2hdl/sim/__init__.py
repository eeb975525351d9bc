"""Files that are copied into every generated folder; there they stand alone, without lgn2hdl."""
