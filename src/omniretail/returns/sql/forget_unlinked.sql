-- Deletes the counters of whom $1 names, which are locked: who counts their returns makes them anew.
delete from unlinked_customer
where unlinked_customer.customer = any($1::text[]);
