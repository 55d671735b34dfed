-- Those of the moments $1 at which a version of the loyalty programme comes into force.
select programme.effective_from
from loyalty_programme as programme
where programme.effective_from = any($1::timestamptz[]);
