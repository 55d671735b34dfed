-- The customers with the ids $1, each with all by which it is known, and its latest decision per purpose.
select
    customer.id,
    customer.version,
    customer.status,
    customer.merged_into,
    json_build_object(
        'given_name', customer.given_name,
        'family_name', customer.family_name,
        'birth_date', customer.birth_date,
        'locale', customer.locale,
        'customer_groups', customer.customer_groups,
        'addresses', customer.addresses
    ) as profile,
    known.identities,
    decided.consents,
    customer.created_at,
    customer.updated_at,
    customer.created_by,
    customer.channel
from unnest($1::uuid[]) as wanted (id)
cross join
    lateral (
        select customer.*
        from customer
        where customer.id = wanted.id
        limit 1
    ) as customer
cross join
    lateral (
        select
            coalesce(
                json_agg(
                    json_build_object(
                        'kind', part.kind,
                        'issuer', part.issuer,
                        'value', part.value,
                        'added_at', part.added_at,
                        'added_by', part.added_by
                    )
                    order by part.kind, part.issuer, part.value
                ),
                '[]'::json
            ) as identities
        from customer_identity as part
        where part.customer_id = customer.id
    ) as known
cross join lateral (
    select coalesce(json_agg(to_json(latest) order by latest.purpose), '[]'::json) as consents
    from (
        select distinct on (consent.purpose)
            consent.id,
            consent.purpose,
            consent.granted,
            consent.decided_at,
            consent.channel,
            consent.actor_id,
            consent.source,
            consent.recorded_at
        from customer_consent as consent
        where consent.customer_id = customer.id
        order by consent.purpose asc, consent.decided_at desc, consent.id desc
    ) as latest
) as decided;
