-- Notes of the PIN under code $1 how many wrong tries count, $2, and until when none is judged, $3.
update staff_pin
set
    wrong_tries = $2::integer,
    locked_until = $3::timestamptz
where code = $1::text;
