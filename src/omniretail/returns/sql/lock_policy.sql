-- Locks the return policy of the channel $1 and returns its version.
select policy.version from return_policy as policy
where policy.channel = $1::text
for update;
