-- Puts the segment $1 in place, with name $2 and rule $3, at $4.
insert into segment (code, name, rule, updated_at)
values ($1::text, $2::text, $3::text::jsonb, $4::timestamptz)
on conflict on constraint segment_pkey do update
    set
        name = excluded.name,
        rule = excluded.rule,
        updated_at = excluded.updated_at;
