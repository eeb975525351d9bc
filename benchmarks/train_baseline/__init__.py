"""What training steps are compared with."""
