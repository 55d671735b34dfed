-- Who brings goods back without a receipt is counted, under a lock of the customer's row; each such return
-- keeps its number within the days that count.

create table unlinked_customer (
    customer text not null,
    first_at timestamp with time zone not null,
    constraint unlinked_customer_pkey primary key (customer)
);

alter table sales_return add column unlinked_count integer;

alter table sales_return
add constraint sales_return_unlinked_counted check (
    (kind = 'unlinked') = (unlinked_count is not null)
);

alter table sales_return
add constraint sales_return_unlinked_count_positive check (unlinked_count > 0);

alter table sales_return
add constraint sales_return_unlinked_by_customer check (kind <> 'unlinked' or customer is not null);
