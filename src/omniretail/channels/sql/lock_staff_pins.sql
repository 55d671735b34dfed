-- Locks the PINs under code $1 or of key $2, by code, and returns them with their keys. Whoever tries a
-- PIN waits here for the tries before, and reads what they left: of many guesses at once each counts.
select
    staff_pin.code,
    staff_pin.pin_hash,
    staff_pin.wrong_tries,
    staff_pin.locked_until,
    staff_pin.updated_at,
    api_key.prefix,
    api_key.revoked_at,
    api_key.id,
    api_key.kind,
    api_key.name,
    api_key.scopes,
    api_key.channel,
    api_key.locations
from staff_pin
inner join api_key on staff_pin.api_key_id = api_key.id
where staff_pin.code = $1::text or staff_pin.api_key_id = $2::uuid
order by staff_pin.code
for update of staff_pin;
