-- What availability of the SKUs $1 is made of, at $2, for the channels $3. Each row says by its first
-- column what it is. Each part is a look-up of its own, bounded by the SKUs, whatever the planner knows.
-- Later parts take the names of the first one's columns.
-- noqa: disable=AL03
with kit as materialized (
    select
        sku.code,
        sku.components,
        sku.ordering
    from sku
    where sku.code = any($1::text[])
),

wanted as materialized (
    select
        $1::text[] || array(
            select part.component
            from kit
            cross join lateral jsonb_object_keys(kit.components) as part (component)
            where kit.components is not null
        ) as skus
)

(
    select
        'level' as part,
        level.sku,
        level.location,
        level.on_hand,
        level.allocated,
        level.held,
        level.damaged,
        level.quality_control,
        coalesce(level.safety_stock, location.safety_stock) as safety_stock,
        level.suspected,
        location.status = 'active' as active,
        null::text as said,
        null::timestamptz as at
    from stock_level as level
    inner join location on level.location = location.code
    where level.sku = any((select wanted.skus from wanted)::text[])
    order by level.sku, level.location
)
union all
select
    'expired',
    line.sku,
    line.location,
    sum(line.quantity)::integer,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    null
from hold_line as line
where
    line.sku = any((select wanted.skus from wanted)::text[])
    and line.expires_at <= $2::timestamptz
    and line.closed_at is null
    and line.quantity > 0
group by line.sku, line.location
union all
select
    'past_date',
    lot.sku,
    lot.location,
    sum(lot.on_hand - lot.damaged - lot.quality_control)::integer,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    null
from stock_lot as lot
where
    lot.sku = any((select wanted.skus from wanted)::text[])
    and lot.on_hand > 0
    and lot.expires_on < ($2::timestamptz at time zone 'utc')::date
group by lot.sku, lot.location
union all
select
    'coming',
    expected.sku,
    expected.location,
    expected.quantity - expected.received,
    null,
    null,
    null,
    null,
    location.safety_stock,
    null,
    location.status = 'active',
    null,
    expected.expected_at
from expected_receipt as expected
inner join location on expected.location = location.code
where
    expected.sku = any((select wanted.skus from wanted)::text[])
    and expected.cancelled_at is null
    and expected.received < expected.quantity
union all
select
    'coming',
    line.sku,
    line.destination,
    line.shipped - line.received - line.returned - line.found - line.lost,
    null,
    null,
    null,
    null,
    location.safety_stock,
    null,
    location.status = 'active',
    null,
    transfer.expected_at
from unnest((select wanted.skus from wanted)::text[]) as asked (sku)
cross join
    lateral (
        select transfer_line.*
        from transfer_line
        where
            transfer_line.sku = asked.sku
            and transfer_line.shipped
            > transfer_line.received + transfer_line.returned + transfer_line.found + transfer_line.lost
        limit 10000
    ) as line
cross join
    lateral (
        select transfer.expected_at
        from transfer
        where
            transfer.id = line.transfer_id
            and transfer.expected_at is not null
            and transfer.state in ('shipped', 'partially_received')
        limit 1
    ) as transfer
inner join location on line.destination = location.code
union all
select
    'sku',
    kit.code,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    case
        when kit.components is not null or kit.ordering is not null
            then json_build_object('components', kit.components, 'ordering', kit.ordering)::text
    end,
    null
from kit
union all
select
    'ordering',
    sku.code,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    sku.ordering::text,
    null
from sku
where sku.code = any((select wanted.skus from wanted)::text[]) and sku.ordering is not null
union all
select
    'pool',
    policy.channel,
    null,
    policy.threshold,
    null,
    null,
    null,
    null,
    null,
    null,
    policy.pool is not null,
    (
        select json_agg(member.location)::text
        from location_group_member as member
        where member.location_group = policy.pool
    ),
    null
from channel_stock_policy as policy
where policy.channel = any($3::text[])
union all
select
    'threshold',
    own.channel,
    null,
    own.threshold,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    own.sku,
    null
from channel_sku_threshold as own
where
    own.channel = any($3::text[])
    and own.sku = any((select wanted.skus from wanted)::text[]);
