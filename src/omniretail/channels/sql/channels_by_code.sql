-- The channels of $1 that exist.
select
    channel.code,
    channel.name,
    channel.kind,
    channel.currency,
    channel.region
from channel
where channel.code = any($1::text[]);
