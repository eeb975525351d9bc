"""The module around the pipeline: what it has to do, and the proof that it does so for ever."""
