-- Creates price list $1 or renames it; writes no row where it exists with another currency.
insert into price_list (code, name, currency, updated_at)
values ($1::text, $2::text, $3::text, $4::timestamptz)
on conflict on constraint price_list_pkey do update set
    name = excluded.name,
    updated_at = excluded.updated_at
where price_list.currency = excluded.currency;
