"""Profiles: what concerns a customer in all rooms: timeline, merging, export, erasure, segments."""

from omniretail.profiles.erasure import (
    CustomerHasOpenDocuments,
    EraseCustomer,
    Erasure,
    erase_customers,
)
from omniretail.profiles.export import Credit, Held, Points, export_person
from omniretail.profiles.merging import (
    CustomerMergeUndone,
    MergeCommand,
    MergeCustomers,
    UndoCustomerMerge,
    UnknownCustomerMerge,
    merge_customers,
)
from omniretail.profiles.segment import MOST_DAYS, MOST_NAMED, OrderCount, Rule, Spend, rule_faults
from omniretail.profiles.segments import (
    Segment,
    UnknownSegment,
    find_segment,
    list_segments,
    put_segment,
    segment_customers,
    segments_of_customer,
)
from omniretail.profiles.timeline import Item, ItemKind, Place, person_timeline
from omniretail.profiles.trail import CustomerMerge, list_merges

__all__ = [
    "MOST_DAYS",
    "MOST_NAMED",
    "Credit",
    "CustomerHasOpenDocuments",
    "CustomerMerge",
    "CustomerMergeUndone",
    "EraseCustomer",
    "Erasure",
    "Held",
    "Item",
    "ItemKind",
    "MergeCommand",
    "MergeCustomers",
    "OrderCount",
    "Place",
    "Points",
    "Rule",
    "Segment",
    "Spend",
    "UndoCustomerMerge",
    "UnknownCustomerMerge",
    "UnknownSegment",
    "erase_customers",
    "export_person",
    "find_segment",
    "list_merges",
    "list_segments",
    "merge_customers",
    "person_timeline",
    "put_segment",
    "rule_faults",
    "segment_customers",
    "segments_of_customer",
]
