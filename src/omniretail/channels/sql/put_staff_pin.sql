-- Gives key $2 a PIN under code $1: its salt $3 and hash $4, set at $5. It replaces the PIN that key $6
-- was found to have under the code, and no other: where another transaction gave the code away since
-- the look-up, which found nothing to lock, no row is written, and the caller looks again.
insert into staff_pin (code, api_key_id, salt, pin_hash, wrong_tries, locked_until, updated_at)
values ($1::text, $2::uuid, $3::bytea, $4::bytea, 0, null, $5::timestamptz)
on conflict on constraint staff_pin_pkey do update set
    api_key_id = excluded.api_key_id,
    salt = excluded.salt,
    pin_hash = excluded.pin_hash,
    wrong_tries = excluded.wrong_tries,
    locked_until = excluded.locked_until,
    updated_at = excluded.updated_at
where staff_pin.api_key_id = $6::uuid;
