-- Takes the PIN under code $1 away.
delete from staff_pin
where code = $1::text;
