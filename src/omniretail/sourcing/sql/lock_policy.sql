-- Locks the sourcing policy of the channel $1 and returns its version.
select policy.version from sourcing_policy as policy
where policy.channel = $1::text
for update;
