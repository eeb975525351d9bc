"""Train relaxed logic gate networks and discretize them. See ``docs/training.md``.

Only ``relaxation``, ``layer``, ``network`` and ``loop`` need torch; options and presets
(``config``, ``presets``) can be read without it.
"""
