-- When an order was told what its provider declined; what was not told yet is found by its own index.

alter table payment_operation add column told_at timestamp with time zone;

alter table payment_operation
add constraint payment_operation_told_of_failure check (told_at is null or state = 'failed');

create index payment_operation_untold_idx on payment_operation (
    id
) where state = 'failed' and told_at is null and order_id is not null;
