-- The identities of up to $4 claims before $3, the latest first: of the order $1, in the state $2, each where
-- it is given. Those that are yet to be resolved are in `list_standing_claims`.
select claim.id
from claim
where
    ($1::uuid is null or claim.order_id = $1)
    and ($2::text is distinct from 'denied' or claim.denied_at is not null)
    and ($2::text is distinct from 'resolved' or claim.resolved_at is not null)
    and claim.id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
order by claim.id desc
limit $4;
