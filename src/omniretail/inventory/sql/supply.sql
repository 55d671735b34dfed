-- What is announced for the places ($1 SKUs, $2 locations), and when: from suppliers, and on the way
-- from other locations. What has no date is promised to nobody.
select
    place.sku,
    place.location,
    coming.quantity,
    coming.expected_at
from unnest($1::text[], $2::text[]) as place (sku, location)
cross join lateral (
    select
        expected.quantity - expected.received as quantity,
        expected.expected_at
    from expected_receipt as expected
    where
        expected.sku = place.sku
        and expected.location = place.location
        and expected.cancelled_at is null
        and expected.received < expected.quantity
    union all
    select
        line.shipped - line.received - line.returned - line.found - line.lost as quantity,
        transfer.expected_at
    from (
        select transfer_line.*
        from transfer_line
        where
            transfer_line.sku = place.sku
            and transfer_line.destination = place.location
            and transfer_line.shipped
            > transfer_line.received + transfer_line.returned + transfer_line.found
            + transfer_line.lost
        limit 10000
    ) as line
    cross join lateral (
        select transfer.expected_at
        from transfer
        where
            transfer.id = line.transfer_id
            and transfer.expected_at is not null
            and transfer.state in ('shipped', 'partially_received')
        limit 1
    ) as transfer
) as coming;
