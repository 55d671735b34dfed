-- Writes the lines of the JSON array $1: new ones, and what became of those of locked claims.
insert into claim_line (
    claim_id, number, order_line, sku, components, quantity, kind, note, worth_minor,
    worth_tax_minor, replaced_by
)
select
    fresh.claim_id,
    fresh.number,
    fresh.order_line,
    fresh.sku,
    fresh.components,
    fresh.quantity,
    fresh.kind,
    fresh.note,
    fresh.worth_minor,
    fresh.worth_tax_minor,
    fresh.replaced_by
from
    json_to_recordset($1::json)
        as fresh (
            claim_id uuid,
            number integer,
            order_line integer,
            sku text,
            components jsonb,
            quantity integer,
            kind text,
            note text,
            worth_minor bigint,
            worth_tax_minor bigint,
            replaced_by integer
        )
on conflict (claim_id, number) do update set
    worth_minor = excluded.worth_minor,
    worth_tax_minor = excluded.worth_tax_minor,
    replaced_by = excluded.replaced_by;
