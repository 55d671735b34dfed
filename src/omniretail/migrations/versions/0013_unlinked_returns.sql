-- Returns without a receipt: what a customer brings back may be destroyed at once, what was thrown away by
-- mistake may turn up again, and store credit may be given for a return instead of a tender.

alter table stock_movement drop constraint stock_movement_states_known;

alter table stock_movement add constraint stock_movement_states_known check (
    (from_state, to_state) in (
        ('supplier', 'available'), ('available', 'customer'), ('shrinkage', 'available'),
        ('available', 'shrinkage'), ('available', 'allocated'), ('allocated', 'available'),
        ('allocated', 'customer'), ('customer', 'available'), ('customer', 'damaged'),
        ('customer', 'quality_control'), ('available', 'damaged'), ('damaged', 'available'),
        ('available', 'quality_control'), ('quality_control', 'available'),
        ('damaged', 'quality_control'), ('quality_control', 'damaged'), ('damaged', 'shrinkage'),
        ('quality_control', 'shrinkage'), ('available', 'in_transit'), ('in_transit', 'available'),
        ('in_transit', 'shrinkage'), ('allocated', 'in_transit'), ('in_transit', 'allocated'),
        ('customer', 'shrinkage'), ('shrinkage', 'damaged'), ('shrinkage', 'quality_control')
    )
);

alter table account_entry add column return_id uuid;

-- An entry of what pays an order names the tender; one of a return names the return instead.

alter table account_entry drop constraint account_entry_names_tender;

alter table account_entry add constraint account_entry_names_tender check (
    (order_id is null) = (tender_number is null)
    and (order_id is not null or type not in ('held', 'committed', 'voided'))
    and (coalesce(order_id, return_id) is not null or type <> 'refunded')
);

alter table account_entry add constraint account_entry_names_return check (
    return_id is null or (order_id is null and type in ('issued', 'refunded'))
);
