"""The tables of sourcing: how channels find locations, and what locations can take."""

from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, DateTime, ForeignKeyConstraint
from sqlmodel import Field, SQLModel, Text

_Moment = DateTime(timezone=True)


class SourcingPolicy(SQLModel, table=True):
    """How a channel's orders find their locations; without a row, by the defaults."""

    __tablename__ = "sourcing_policy"
    __table_args__ = (
        CheckConstraint(
            "rules <@ array['preferred', 'fewest_splits', 'proximity', 'highest_stock']",
            name="sourcing_policy_rules_known",
        ),
        CheckConstraint("max_distance_km > 0", name="sourcing_policy_distance_positive"),
        CheckConstraint("max_locations > 0", name="sourcing_policy_locations_positive"),
        CheckConstraint("cooling_off_hours >= 0", name="sourcing_policy_cooling_not_negative"),
        CheckConstraint("max_attempts > 0", name="sourcing_policy_attempts_positive"),
        ForeignKeyConstraint(["channel"], ["channel.code"], name="sourcing_policy_channel_fkey"),
    )

    channel: str = Field(primary_key=True, sa_type=Text)
    rules: list[str] = Field(sa_type=ARRAY(Text))
    max_distance_km: int | None = None
    max_locations: int
    cooling_off_hours: int
    max_attempts: int
    version: int
    updated_at: datetime = Field(sa_type=_Moment)


class FulfillmentPolicy(SQLModel, table=True):
    """How a location serves orders; without a row, by the defaults."""

    __tablename__ = "fulfillment_policy"
    __table_args__ = (
        CheckConstraint("pickup_hours > 0", name="fulfillment_policy_pickup_positive"),
        CheckConstraint(
            "reminder_hours between 0 and pickup_hours",
            name="fulfillment_policy_reminder_within_pickup",
        ),
        CheckConstraint("daily_capacity >= 0", name="fulfillment_policy_capacity_not_negative"),
        ForeignKeyConstraint(
            ["location"], ["location.code"], name="fulfillment_policy_location_fkey"
        ),
    )

    location: str = Field(primary_key=True, sa_type=Text)
    pickup_hours: int
    reminder_hours: int
    daily_capacity: int | None = None
    version: int
    updated_at: datetime = Field(sa_type=_Moment)
