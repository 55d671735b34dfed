-- Deletes the notes about the customers $1, and forgets where their consents are written down. They are
-- locked.
with forgotten as (
    delete from customer_note
    where customer_note.customer_id = any($1::uuid[])
)

update customer_consent
set source = null
where customer_consent.customer_id = any($1::uuid[]) and customer_consent.source is not null;
