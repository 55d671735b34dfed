-- The identities of up to $4 claims before $3, the latest first, that are neither resolved nor denied: of the
-- order $1, where it is given; those that are `open`, or `approved`, as $2 says. They are few among all.
select claim.id
from claim
where
    claim.resolved_at is null
    and claim.denied_at is null
    and ($1::uuid is null or claim.order_id = $1)
    and (claim.approved_at is not null) = ($2::text = 'approved')
    and claim.id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
order by claim.id desc
limit $4;
