"""Thermometer encoders: thresholds that are fitted to the training rows, or learned."""
