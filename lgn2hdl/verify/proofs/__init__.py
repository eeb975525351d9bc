"""The proofs of a design, part by part, and what they report."""
