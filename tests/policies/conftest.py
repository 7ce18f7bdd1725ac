import pytest

from accounts.models import User
from policies.models import PolicyVersion
from policies.services.drafts import draft_create
from tests.factories import Organisation


@pytest.fixture
def vp(org: Organisation) -> User:
    return org.person("vp", "vp_support")


@pytest.fixture
def draft(org: Organisation) -> PolicyVersion:
    """A draft from the policy in force, of the process owner."""
    return draft_create(version=org.policy, by=org.process_owner)


@pytest.fixture
def base(draft: PolicyVersion) -> str:
    """The address of the draft's pages."""
    return f"/policies/versions/{draft.code}/"
