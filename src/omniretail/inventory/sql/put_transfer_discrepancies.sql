-- Opens the discrepancies of the JSON array $1, or closes those that are open. Their transfers are
-- locked.
insert into transfer_discrepancy as discrepancy (
    transfer_id, number, line_number, kind, quantity, opened_at, opened_by, resolution, note,
    closed_at, closed_by
)
select
    told.transfer_id,
    told.number,
    told.line,
    told.kind,
    told.quantity,
    told.opened_at,
    told.opened_by,
    told.resolution,
    told.note,
    told.closed_at,
    told.closed_by
from
    json_to_recordset($1::json)
        as told (
            transfer_id uuid,
            number integer,
            line integer,
            kind text,
            quantity integer,
            opened_at timestamptz,
            opened_by uuid,
            resolution text,
            note text,
            closed_at timestamptz,
            closed_by uuid
        )
on conflict on constraint transfer_discrepancy_pkey do update set
    resolution = excluded.resolution,
    note = excluded.note,
    closed_at = excluded.closed_at,
    closed_by = excluded.closed_by;
