-- With which staff approve at a till what its key may not do alone. Of a PIN only a slow hash is kept.

create table staff_pin (
    code text not null,
    api_key_id uuid not null,
    salt bytea not null,
    pin_hash bytea not null,
    wrong_tries integer not null,
    locked_until timestamp with time zone,
    updated_at timestamp with time zone not null,
    constraint staff_pin_pkey primary key (code),
    constraint staff_pin_api_key_id_key unique (api_key_id),
    constraint staff_pin_api_key_id_fkey foreign key (api_key_id) references api_key (id),
    constraint staff_pin_wrong_tries_not_negative check (wrong_tries >= 0),
    constraint staff_pin_salted check (length(salt) = 16 and length(pin_hash) = 32)
);
