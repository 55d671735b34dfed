-- Has the notes $3 about customer $1, or all of them (null), be about customer $2; with their ids. Both are
-- locked.
update customer_note
set customer_id = $2::uuid
where
    customer_note.customer_id = $1::uuid
    and ($3::uuid[] is null or customer_note.id = any($3::uuid[]))
returning customer_note.id;
