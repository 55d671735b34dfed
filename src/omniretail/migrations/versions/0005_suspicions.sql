-- Levels: `suspected` are units in the books that staff did not find; nobody is promised them until
-- somebody has counted.

alter table stock_level add column suspected integer not null default 0;

alter table stock_level add constraint stock_level_suspected_not_negative check (suspected >= 0);

-- Counting tasks: the document that made somebody suspect that goods are not there.

alter table count_task add column document_type text;

alter table count_task add column document_id uuid;

alter table count_task add constraint count_task_document_whole check (
    (document_type is null) = (document_id is null)
);

create index count_task_line_open_idx on count_task_line (sku) where state <> 'counted';

-- Movements: promised goods go to the store where their customer collects them.

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
        ('in_transit', 'shrinkage'), ('allocated', 'in_transit'), ('in_transit', 'allocated')
    )
);
