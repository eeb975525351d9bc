"""The module around a network on a board: what it has to do, and the proof that it does so."""
