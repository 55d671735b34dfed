-- Writes how far transfers have come, whose rows are locked.
update transfer
set
    state = change.state,
    expected_at = change.expected_at,
    shipped_at = change.shipped_at,
    closed_at = change.closed_at,
    version = change.version
from
    unnest(
        $1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::integer[]
    )
        as change (id, state, expected_at, shipped_at, closed_at, version)
where
    transfer.id = change.id
    -- Bounds the read also where the plan was made while the table was still empty.
    and transfer.id = any($1::uuid[]);
