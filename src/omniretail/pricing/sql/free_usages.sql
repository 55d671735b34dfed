-- Frees the uses and claims $1, at $2.
update usage
set state = 'freed', ended_at = $2::timestamptz
where usage.id = any($1::uuid[]) and usage.state <> 'freed';
