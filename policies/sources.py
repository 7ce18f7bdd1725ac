"""The policy as the two source documents state it, word for word, contradictions included. It is never in force.

`policies/fixtures/sources.json` is its snapshot; `python manage.py prove_policy --sources` shows what the prover finds.
"""

import json
from pathlib import Path

from policies.domain.policy import Policy

FIXTURE = Path(__file__).parent / "fixtures" / "sources.json"


def sources_policy() -> Policy:
    """The literal policy, from its fixture."""
    return Policy.from_json(json.loads(FIXTURE.read_text(encoding="utf-8")))
