-- Moves the book to version $1. Its row is locked.
update price_book set version = $1::bigint;
