"""A plugin of pytest for ``code_mutants.py``: how tests run that look for a mutant.

One failure is enough: Hypothesis looks for no smaller example, and keeps none for other mutants. A
mutant that never ends is stopped by the processor time that it took, so that a busy machine changes
nothing.
"""

import os
import resource

from hypothesis import Phase, settings

PROFILE = "mutants"
SECONDS = "CODE_MUTANTS_CPU_SECONDS"

settings.register_profile(
    PROFILE,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
)

if SECONDS in os.environ:
    limit = int(os.environ[SECONDS])
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
