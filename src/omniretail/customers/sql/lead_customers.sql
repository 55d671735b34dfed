-- Has the customers $1 that lead to customer $2 lead to customer $3.
update customer
set merged_into = $3::uuid
where customer.id = any($1::uuid[]) and customer.merged_into = $2::uuid;
