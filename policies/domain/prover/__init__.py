"""Looks for what cannot work in a policy, each finding with a counterexample (product.md F10). Pure."""

from policies.domain.policy import Policy
from policies.domain.prover.authority import authority_findings
from policies.domain.prover.clocks import clock_findings
from policies.domain.prover.findings import Finding, Lent, Organisation, TeamAtWork, judged
from policies.domain.prover.staffing import staffing_findings
from policies.domain.prover.triggers import trigger_findings

__all__ = ["Finding", "Lent", "Organisation", "TeamAtWork", "prove"]


def prove(policy: Policy, organisation: Organisation) -> list[Finding]:
    """Every finding on the policy for this organisation, those still open first; accepted ones carry their reason."""
    found = [
        *trigger_findings(policy, organisation),
        *clock_findings(policy, organisation),
        *authority_findings(policy, organisation),
        *staffing_findings(policy, organisation),
    ]
    return judged(found, policy.accepted)
