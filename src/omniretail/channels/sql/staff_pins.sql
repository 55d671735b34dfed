-- The PINs of keys that are not revoked, with their keys, by code.
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
where api_key.revoked_at is null
order by staff_pin.code;
