-- Takes out of the returns $1 and the claims $2, which are locked, all that is personal; who brought one is
-- $3 from then on.
with given_back as (
    update sales_return
    set
        customer = case when sales_return.customer is null then null else $3::text end,
        note = null,
        override = case
            when jsonb_exists(sales_return.override, 'reason')
                then sales_return.override || '{"reason": "erased"}'::jsonb
            else sales_return.override
        end
    where sales_return.id = any($1::uuid[])
),

graded as (
    update return_grading
    set reason = null
    where return_grading.return_id = any($1::uuid[]) and return_grading.reason is not null
),

claimed as (
    update claim
    set
        customer = case when claim.customer is null then null else $3::text end,
        note = null,
        denial_reason = case when claim.denial_reason is null then null else 'erased' end,
        override = case
            when jsonb_exists(claim.override, 'reason') then claim.override || '{"reason": "erased"}'::jsonb
            else claim.override
        end
    where claim.id = any($2::uuid[])
),

described as (
    update claim_line
    set note = null
    where claim_line.claim_id = any($2::uuid[]) and claim_line.note is not null
)

select 1;
