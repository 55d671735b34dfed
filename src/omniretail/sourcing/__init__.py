"""Sourcing: which locations serve an order, by each channel's rules, and what each location can take."""

from omniretail.sourcing.asking import (
    Ask,
    AskedLine,
    Candidate,
    Explanation,
    Kind,
    Plan,
    Reason,
    Step,
)
from omniretail.sourcing.places import Places
from omniretail.sourcing.plan import make_plan
from omniretail.sourcing.policies import (
    get_location_policy,
    get_policy,
    location_policies,
    policies,
    put_location_policy,
    put_policy,
)
from omniretail.sourcing.policy import (
    MOST_ATTEMPTS,
    MOST_CAPACITY,
    MOST_HOURS,
    MOST_KM,
    MOST_LOCATIONS,
    RULES,
    FulfillmentPolicy,
    Rule,
    SourcingPolicy,
)
from omniretail.sourcing.previews import PlanWish, preview
from omniretail.sourcing.survey import Candidates, Survey, candidates, promisable, survey

__all__ = [
    "MOST_ATTEMPTS",
    "MOST_CAPACITY",
    "MOST_HOURS",
    "MOST_KM",
    "MOST_LOCATIONS",
    "RULES",
    "Ask",
    "AskedLine",
    "Candidate",
    "Candidates",
    "Explanation",
    "FulfillmentPolicy",
    "Kind",
    "Places",
    "Plan",
    "PlanWish",
    "Reason",
    "Rule",
    "SourcingPolicy",
    "Step",
    "Survey",
    "candidates",
    "get_location_policy",
    "get_policy",
    "location_policies",
    "make_plan",
    "policies",
    "preview",
    "promisable",
    "put_location_policy",
    "put_policy",
    "survey",
]
