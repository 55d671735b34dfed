"""Channels and the keys that act in them: who is calling, from where, and what they may do."""

from omniretail.channels.keys import (
    DEFAULT_SCOPES,
    KINDS,
    SCOPES,
    KeyNotValid,
    Kind,
    NewKey,
    Principal,
    authenticate,
    create_key,
    list_keys,
    principals_by_id,
    revoke_key,
)
from omniretail.channels.operations import (
    ChannelSpec,
    UnknownChannel,
    channels_by_code,
    list_channels,
    put_channel,
)

__all__ = [
    "DEFAULT_SCOPES",
    "KINDS",
    "SCOPES",
    "ChannelSpec",
    "KeyNotValid",
    "Kind",
    "NewKey",
    "Principal",
    "UnknownChannel",
    "authenticate",
    "channels_by_code",
    "create_key",
    "list_channels",
    "list_keys",
    "principals_by_id",
    "put_channel",
    "revoke_key",
]
