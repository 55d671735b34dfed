-- Locks the fulfillment policy of the location $1 and returns its version.
select policy.version from fulfillment_policy as policy
where policy.location = $1::text
for update;
