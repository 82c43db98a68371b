-- keys[1]: a record. args: the version it is expected to have ('-' only asks), seconds to keep it, its bytes, and
-- the version that these make it: a number that nobody else ever takes, so that two histories are never mistaken
-- for one where a replica that lacked the last writes became the master.
-- Answers the version it has now; where that is not the expected one, its bytes too, and nothing changed.
local version = redis.call('HGET', keys[1], 'version') or '0'
if version ~= args[1] then
	return {version, redis.call('HGET', keys[1], 'record')}
end
redis.call('HSET', keys[1], 'version', args[4], 'record', args[3])
redis.call('EXPIRE', keys[1], args[2])
return {args[4]}
